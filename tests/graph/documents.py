"""Hypothesis strategies over the schema: documents and variables, most of them valid, some nearly so."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

_DEEPEST = 5
_ODD_TEXTS = (
    "",
    "\0",
    "a\0b",
    " ",
    "é",
    "\U0001f9e6",
    "%s",
    "'; DROP TABLE products; --",
    "{}",
    "x" * 300,
    "null",
    "-1",
)
_ODD_NUMBERS = (0, -1, 1, 2, 100, 101, 2**31 - 1, 2**31, -(2**31), 2**53, 10**30)
_DECIMALS = ("0", "12.30", "-1", "0.001", "99999999999", "1e400", "NaN", "", "9" * 40, "1" * 41)
_INSTANTS = (
    "2026-11-22T10:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2020-01-01",
    "99999-01-01T00:00:00Z",
)

Draw = Callable[[st.SearchStrategy[Any]], Any]
Scalars = dict[str, st.SearchStrategy[Any]]


class Bare(str):
    """A name that a document writes without quotes: a value of an enum."""


@dataclass(frozen=True, slots=True)
class Known:
    """What there is in the shop: without it, most of what is asked for by chance would be nothing."""

    ids: Sequence[str]
    texts: Sequence[str]
    """Slugs, SKUs, cursors, options."""


def anything() -> st.SearchStrategy[Any]:
    """Any JSON value."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from(_ODD_NUMBERS),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(_ODD_TEXTS),
        st.text(max_size=8),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["id", "name", "__typename", "x"]), inner, max_size=3),
        ),
        max_leaves=5,
    )


_ANYTHING = anything()


def operations(*, schema: GraphQLSchema, known: Known) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """A document of one operation, and its variables."""
    # Strategies are dear to make and cheap to draw from: they are made once.
    text = st.one_of(st.sampled_from(known.texts), st.sampled_from(known.texts), st.sampled_from(_ODD_TEXTS))
    plain = _plain(known, text)
    odd = _odd(text)

    @st.composite
    def written(draw: Draw) -> tuple[str, dict[str, Any]]:
        return _Writer(draw, schema, plain, odd).operation()

    return written()


def _plain(known: Known, text: st.SearchStrategy[str]) -> Scalars:
    typename = st.sampled_from(["Product", "ProductVariant", "Category", "Channel"])
    return {
        "ID": st.sampled_from(known.ids),
        "String": text,
        "Int": st.integers(0, 5),
        "Boolean": st.booleans(),
        "Decimal": st.sampled_from(_DECIMALS),
        "DateTime": st.sampled_from(_INSTANTS),
        "CurrencyCode": st.just("USD"),
        "CountryCode": st.just("FR"),
        "LocaleCode": st.sampled_from(("en", "pt-BR")),
        "_Any": st.one_of(
            st.fixed_dictionaries({"__typename": typename, "id": st.sampled_from(known.ids)}),
            st.fixed_dictionaries({"__typename": typename, "slug": text}),
        ),
    }


def _odd(text: st.SearchStrategy[str]) -> Scalars:
    anything_written = st.one_of(text, st.text(max_size=20))
    return {
        "Int": st.sampled_from(_ODD_NUMBERS),
        "_Any": _ANYTHING,
        **dict.fromkeys(("ID", "String", "Decimal", "DateTime"), anything_written),
        **dict.fromkeys(("CurrencyCode", "CountryCode", "LocaleCode"), st.sampled_from(("usd", "f", "", "\0"))),
    }


@dataclass(slots=True)
class _Writer:
    """Writes one document by drawing; keeps the variables that it has declared."""

    draw: Draw
    schema: GraphQLSchema
    plain: Scalars
    odd: Scalars
    declared: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def operation(self) -> tuple[str, dict[str, Any]]:
        is_mutation = self._chance(4)
        root = self.schema.mutation_type if is_mutation else self.schema.query_type
        assert root is not None
        selection = self._selection(root, depth=0)
        directive = ""
        if self._chance(8):
            definition = self.schema.get_directive("inContext")
            assert definition is not None
            directive = " @inContext" + (self._arguments(definition.args) or "(channel: null)")
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        return f"{'mutation' if is_mutation else 'query'} Fuzz{declared}{directive} {selection}", self.values

    def _selection(self, type_: GraphQLNamedType, *, depth: int) -> str:
        parts = ["__typename"] if self._chance(4) else []
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            names = [
                name
                for name, field in type_.fields.items()
                if depth < _DEEPEST or is_leaf_type(get_named_type(field.type))
            ]
            if names:
                chosen = self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
                parts += [self._field(name, type_.fields[name], depth=depth, is_root=depth == 0) for name in chosen]
        if is_abstract_type(type_) and depth < _DEEPEST:
            one = self.draw(st.sampled_from(self.schema.get_possible_types(type_)))
            parts.append(f"... on {one.name} {self._selection(one, depth=depth + 1)}")
        return "{ " + (" ".join(parts) or "__typename") + " }"

    def _field(self, name: str, definition: GraphQLField, *, depth: int, is_root: bool) -> str:
        alias = f"a{len(self.values)}_{self.draw(st.integers(0, 99))}: " if self._chance(8) else ""
        directive = ""
        if self._chance(12):
            directive = " @skip(if: false)" if self._chance(2) else " @include(if: true)"
        if is_root and self._chance(4):
            directive += f" @idempotent(key: {self._write('String!', self.draw(self.plain['String']))})"
        inner = get_named_type(definition.type)
        selection = "" if is_leaf_type(inner) else " " + self._selection(inner, depth=depth + 1)
        return f"{alias}{name}{self._arguments(definition.args)}{directive}{selection}"

    def _arguments(self, arguments: dict[str, GraphQLArgument]) -> str:
        given = [
            f"{name}: {self._write(str(argument.type), self._value(argument.type))}"
            for name, argument in arguments.items()
            if (is_required_argument(argument) and not self._chance(30)) or self._chance(3)
        ]
        return f"({', '.join(given)})" if given else ""

    def _write(self, type_: str, value: Any) -> str:
        if self._chance(2):
            return _literal(value)
        name = f"v{len(self.values)}"
        self.values[name] = value
        default = f" = {_literal(value)}" if self._chance(10) else ""
        self.declared.append(f"${name}: {type_}{default}")
        return f"${name}"

    def _value(self, type_: Any, *, depth: int = 0) -> Any:
        if self._chance(40):
            return self.draw(_ANYTHING)
        if isinstance(type_, GraphQLNonNull):
            return self._value(type_.of_type, depth=depth)
        if self._chance(10):
            return None
        if isinstance(type_, GraphQLList):
            size = self.draw(st.sampled_from([0, 1, 1, 2, 3]))
            return [self._value(type_.of_type, depth=depth) for _ in range(size)]
        if isinstance(type_, GraphQLEnumType):
            return Bare(self.draw(st.sampled_from(list(type_.values))))
        if isinstance(type_, GraphQLInputObjectType):
            return {
                name: self._value(inner.type, depth=depth + 1)
                for name, inner in type_.fields.items()
                if is_required_input_field(inner) or self._chance(2 + depth)
            }
        return self._scalar(type_.name)

    def _scalar(self, name: str) -> Any:
        odd = self._chance(5)
        return self.draw((self.odd if odd else self.plain).get(name, self.plain["String"]))

    def _chance(self, one_in: int) -> bool:
        drawn: int = self.draw(st.integers(1, one_in))
        # Hypothesis shrinks towards the small: what it shrinks to shall be the plain case.
        return drawn == one_in


def _literal(value: Any) -> str:
    if isinstance(value, Bare):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_literal(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return json.dumps(value)
