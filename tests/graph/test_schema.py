"""What the schema itself has to keep to: every part is described, and no resolver reads for one object alone."""

from collections.abc import Iterator
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)
from strawberry.types.base import StrawberryObjectDefinition

from app.engine.fields import batch_of, batched
from app.graph import build_graph
from app.settings import Settings

_GRAPH = build_graph(Settings())
_ROOTS = {"Query", "Mutation", "Subscription"}
# Apollo's, who describes them; Strawberry makes them.
_FEDERATION_PREFIXES = ("_", "link__")
_FEDERATION_DIRECTIVES = {"key", "link", "shareable"}


def _undescribed(schema: GraphQLSchema) -> Iterator[str]:
    for type_ in schema.type_map.values():
        foreign = is_introspection_type(type_) or is_specified_scalar_type(type_)
        if foreign or type_.name.startswith(_FEDERATION_PREFIXES):
            continue
        if not type_.description:
            yield type_.name
        if isinstance(type_, GraphQLEnumType):
            yield from (f"{type_.name}.{name}" for name, value in type_.values.items() if not value.description)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in type_.fields.items():
                if name.startswith(_FEDERATION_PREFIXES):
                    continue
                if not field.description:
                    yield f"{type_.name}.{name}"
                arguments = getattr(field, "args", {})
                yield from (f"{type_.name}.{name}({each}:)" for each, one in arguments.items() if not one.description)
    for directive in schema.directives:
        if directive.name in _FEDERATION_DIRECTIVES:
            continue
        if not directive.description:
            yield f"@{directive.name}"
        yield from (f"@{directive.name}({name}:)" for name, one in directive.args.items() if not one.description)


def _reading_alone(schema: strawberry.Schema) -> Iterator[str]:
    """Fields of objects whose resolver could read for one object by itself.

    Outside of the root types a resolver is `batched`, or it is a plain function of its parent: one that awaits, or that is given
    `info` (by which it reaches the database), answers object by object and makes an N+1.
    """
    for definition in schema.schema_converter.type_map.values():
        object_ = definition.definition
        if not isinstance(object_, StrawberryObjectDefinition) or object_.is_input or object_.name in _ROOTS:
            continue
        for field in object_.fields:
            resolver = field.base_resolver
            if resolver is None or batch_of(field) is not None:
                continue
            function = resolver.wrapped_func
            if iscoroutinefunction(function) or isasyncgenfunction(function) or resolver.info_parameter is not None:
                yield f"{object_.origin.__name__}.{field.name}"


def test_describes_every_type_field_argument_value_and_directive() -> None:
    assert list(_undescribed(_GRAPH._schema)) == []


def test_reads_for_all_objects_at_once_never_for_one() -> None:
    assert list(_reading_alone(_GRAPH)) == []


def test_tells_which_resolver_reads_for_one_object() -> None:
    @strawberry.type
    class Shelf:
        name: str

        @strawberry.field
        def label(self) -> str:
            return self.name.title()

        @batched(description="")
        async def books(parents: list[Any], context: Any) -> list[int]:
            return [0 for _ in parents]

        @strawberry.field
        async def awaits(self) -> int:
            return 0

        @strawberry.field
        def is_given_info(self, info: strawberry.Info) -> int:
            return 0

    @strawberry.type(name="Query")
    class Root:
        @strawberry.field
        async def shelves(self, info: strawberry.Info) -> list[Shelf]:
            return []

    assert list(_reading_alone(strawberry.Schema(Root))) == ["Shelf.awaits", "Shelf.is_given_info"]


def test_tells_what_lacks_a_description() -> None:
    @strawberry.type(name="Query", description="What can be read.")
    class Root:
        @strawberry.field
        def answer(self, of: str) -> int:
            return 42

    assert list(_undescribed(strawberry.Schema(Root)._schema)) == ["Query.answer", "Query.answer(of:)"]
