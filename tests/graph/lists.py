"""Every list of the schema, with a document for each that reaches it and asks for all that its items have.

The lists are found by walking the schema, so that a new field can't escape: where a document can't be made (an argument that is
required and unknown here, a type that nothing leads to) that is an error, not a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)

from tests.graph.shops import Shop

FEW = 3
"""Items of each list within a list: 50 times 50 would only take longer."""
# Values of required arguments of fields that are selected beside others; any will do that make the field read.
_FIXED_ARGUMENTS = {"Product.variantByOptions": 'selectedOptions: [{ name: "Size", value: "0" }]'}
# Lists whose items are named by their arguments: the keys that each type can be asked for by.
Arguments = Callable[[Shop, str, str, int], list[Any]]
_NAMED_LISTS: dict[str, tuple[str, str, Arguments]] = {
    "Query.nodes": ("ids", "[ID!]!", lambda shop, typename, key, size: shop.ids[typename][:size]),
    "Query._entities": (
        "representations",
        "[_Any!]!",
        lambda shop, typename, key, size: [
            {"__typename": typename, key: value}
            for value in (shop.slugs if key == "slug" else shop.ids)[typename][:size]
        ],
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One field on the way from the query to the list."""

    parent: str
    name: str
    field: GraphQLField

    @property
    def coordinate(self) -> str:
        """The field as the specification writes it: ``Product.variants``."""
        return f"{self.parent}.{self.name}"


@dataclass(frozen=True, slots=True)
class ListCase:
    """A list, the way to it, and how its items are asked for."""

    schema: GraphQLSchema
    way: Sequence[Step]
    items_in: str | None = None
    """The field of a connection that holds the items: nodes or edges."""
    typename: str | None = None
    """Of an abstract type: the concrete one that is asked for, by ``key``."""
    key: str = "id"

    def __str__(self) -> str:
        parts = [self.way[-1].coordinate, self.items_in or "", self.typename or "", self.key if self.typename else ""]
        return "-".join(part for part in parts if part)

    @property
    def size_of_many(self) -> int:
        """How many items the list of the large shop must have at least."""
        return 50

    def document(self, *, many: bool) -> str:
        """A query that reaches the list, for one item or for many, with all that an item has."""
        target = self.way[-1]
        item: GraphQLNamedType = get_named_type(target.field.type)
        if self.items_in:
            nodes = cast(GraphQLObjectType, item).fields["nodes"]
            text = f"{{ {selection(self.schema, get_named_type(nodes.type))} }}"
            text = f"nodes {text}" if self.items_in == "nodes" else f"edges {{ cursor node {text} }}"
        elif self.typename:
            text = f"... on {self.typename} {{ {selection(self.schema, self.schema.type_map[self.typename])} }}"
        else:
            text = selection(self.schema, item)
        lists = [at for at, step in enumerate(self.way) if is_list(step.field)]
        for at in range(len(self.way) - 1, -1, -1):
            size = 1 if not many else 50 if at == lists[0] else FEW
            text = self._field(self.way[at], size, text, is_target=at == len(self.way) - 1)
        _, variable, type_, _ = self._named()
        return f"query{f'(${variable}: {type_})' if variable else ''} {{ {text} }}"

    def variables(self, shop: Shop) -> dict[str, Any]:
        """The variables of the document."""
        _, variable, _, values = self._named()
        return {variable: values(shop, self.typename or "", self.key, 50)} if variable else {}

    def _named(self) -> tuple[str, str, str, Arguments]:
        coordinate = self.way[-1].coordinate
        name, type_, values = _NAMED_LISTS.get(coordinate, ("", "", lambda *_: []))
        return coordinate, name, type_, values

    def _field(self, step: Step, size: int, inner: str, *, is_target: bool) -> str:
        arguments = f"(first: {size})" if "first" in step.field.args else ""
        if step.coordinate in _NAMED_LISTS:
            variable = _NAMED_LISTS[step.coordinate][0]
            arguments = f"({variable}: ${variable})"
        if is_connection(get_named_type(step.field.type)) and not is_target:
            inner = f"nodes {{ {inner} }}"
        return f"{step.name}{arguments} {{ {inner} }}"

    def items(self, data: Any) -> list[Any]:
        """The items of the list in an answer, over all parents."""
        values = [data]
        for step in self.way:
            values = _flat([value[step.name] for value in values if value is not None])
            if is_connection(get_named_type(step.field.type)):
                inside = self.items_in if step is self.way[-1] else "nodes"
                values = _flat([value[inside] for value in values])
        return [value for value in values if value is not None]


def _flat(values: list[Any]) -> list[Any]:
    return [inner for value in values for inner in (value if isinstance(value, list) else [value])]


def is_connection(type_: GraphQLNamedType) -> bool:
    """Whether a type is a page of a list."""
    return isinstance(type_, GraphQLObjectType) and {"nodes", "edges", "pageInfo"} <= set(type_.fields)


def is_list(field: GraphQLField) -> bool:
    """Whether a field has many objects. Lists of plain values are selected as fields of their parents in any case."""
    named = get_named_type(field.type)
    if is_leaf_type(named):
        return False
    return isinstance(get_nullable_type(field.type), GraphQLList) or is_connection(named)


def list_cases(schema: GraphQLSchema) -> Iterator[ListCase]:
    """Every list that a query can reach."""
    for parent, way in _ways(schema).items():
        if is_connection(schema.type_map[parent]):
            continue
        for name, field in _fields(schema, parent):
            if not is_list(field):
                continue
            steps = (*way, Step(parent, name, field))
            named = get_named_type(field.type)
            if is_connection(named):
                yield from (ListCase(schema, steps, items_in) for items_in in ("nodes", "edges"))
            elif steps[-1].coordinate in _NAMED_LISTS:
                yield from _cases_by_type(schema, steps)
            else:
                yield ListCase(schema, steps)


def _cases_by_type(schema: GraphQLSchema, steps: Sequence[Step]) -> Iterator[ListCase]:
    named = get_named_type(steps[-1].field.type)
    for type_ in schema.get_possible_types(cast(GraphQLAbstractType, named)):
        yield ListCase(schema, steps, typename=type_.name)
        if steps[-1].name == "_entities" and "slug" in type_.fields:
            yield ListCase(schema, steps, typename=type_.name, key="slug")


def _fields(schema: GraphQLSchema, parent: str) -> Iterator[tuple[str, GraphQLField]]:
    type_ = schema.type_map[parent]
    if isinstance(type_, GraphQLObjectType):
        yield from type_.fields.items()


def _ways(schema: GraphQLSchema) -> dict[str, Sequence[Step]]:
    """The shortest way from the query to each object type; one that leads over a list wins, since it has many parents."""
    assert schema.query_type is not None
    start = schema.query_type.name
    found: dict[tuple[str, bool], Sequence[Step]] = {(start, False): ()}
    queue = [(start, False)]
    while queue:
        parent, over_list = queue.pop(0)
        for name, field in _fields(schema, parent):
            # A field with arguments that is no list is a look-up: `product(id:)` leads to one object only.
            if (field.args and not is_list(field)) or any(map(is_required_argument, field.args.values())):
                continue
            inner = get_named_type(field.type)
            if is_connection(inner):
                inner = get_named_type(cast(GraphQLObjectType, inner).fields["nodes"].type)
            place = (inner.name, over_list or is_list(field))
            if isinstance(inner, GraphQLObjectType) and place not in found:
                found[place] = (*found[parent, over_list], Step(parent, name, field))
                queue.append(place)
    ways: dict[str, Sequence[Step]] = {}
    for (typename, over_list), way in found.items():
        if over_list or typename not in ways:
            ways[typename] = way
    ways[start] = ()
    return ways


def selection(schema: GraphQLSchema, type_: GraphQLNamedType, *, deep: bool = True) -> str:
    """All fields of a type: its plain values, and of the objects beside them the plain values in turn."""
    if is_abstract_type(type_):
        possible = schema.get_possible_types(type_)
        shared = "__typename "
        if isinstance(type_, GraphQLInterfaceType):
            shared += " ".join(name for name, field in type_.fields.items() if is_leaf_type(get_named_type(field.type)))
        if not deep:
            return shared
        return shared + "".join(f" ... on {one.name} {{ {selection(schema, one)} }}" for one in possible)
    parts = ["__typename"]
    for name, field in _fields(schema, type_.name):
        inner = get_named_type(field.type)
        arguments = _arguments(f"{type_.name}.{name}", field)
        if is_leaf_type(inner):
            parts.append(name + arguments)
        elif deep:
            within = "nodes" if is_connection(inner) else None
            parts.append(f"{name}{arguments} {{ {_plain(schema, inner, within)} }}")
    return " ".join(parts)


def _plain(schema: GraphQLSchema, type_: GraphQLNamedType, items_in: str | None) -> str:
    if items_in is None:
        return selection(schema, type_, deep=False)
    # A connection's own objects (pageInfo, count, edges) are what it has to tell: they are selected, too.
    parts = []
    for name, field in _fields(schema, type_.name):
        inner = get_named_type(field.type)
        parts.append(name if is_leaf_type(inner) else f"{name} {{ {selection(schema, inner, deep=False)} }}")
    return " ".join(parts)


def _arguments(coordinate: str, field: GraphQLField) -> str:
    if coordinate in _FIXED_ARGUMENTS:
        return f"({_FIXED_ARGUMENTS[coordinate]})"
    required = [name for name, argument in field.args.items() if is_required_argument(argument)]
    assert not required, f"say in _FIXED_ARGUMENTS what {coordinate}({', '.join(required)}) shall be given"
    return f"(first: {FEW})" if "first" in field.args else ""
