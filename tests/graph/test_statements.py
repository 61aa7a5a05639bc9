"""The number of SQL statements of an operation doesn't depend on how many items it shows."""

from __future__ import annotations

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from app.graph import build_graph
from app.settings import Settings
from tests.graph.lists import ListCase, is_connection, is_list, list_cases
from tests.graph.shops import Shop

_SCHEMA: GraphQLSchema = build_graph(Settings())._schema
_CASES = list(list_cases(_SCHEMA))


@pytest.mark.parametrize("case", _CASES, ids=str)
async def test_reads_many_items_with_as_many_statements_as_one(
    case: ListCase, small_shop: Shop, large_shop: Shop
) -> None:
    one = await small_shop.api.run(case.document(many=False), case.variables(small_shop), as_staff=True)
    many = await large_shop.api.run(case.document(many=True), case.variables(large_shop), as_staff=True)

    assert len(case.items(one.data)) == 1
    assert len(case.items(many.data)) >= case.size_of_many
    assert many.statements == one.statements


async def test_reads_nodes_of_all_types_with_one_statement_for_each_type(small_shop: Shop, large_shop: Shop) -> None:
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"

    one = await small_shop.api.run(document, {"ids": [ids[0] for ids in small_shop.ids.values()]})
    many = await large_shop.api.run(document, {"ids": [id for ids in large_shop.ids.values() for id in ids[:20]]})

    assert many.data["nodes"].count(None) == 0
    assert len(many.data["nodes"]) == 20 * len(one.data["nodes"]) == 100
    assert many.statements == one.statements == len(large_shop.ids)


def test_finds_every_list_that_a_query_can_reach() -> None:
    covered = {case.way[-1].coordinate for case in _CASES}
    lists = {
        f"{type_.name}.{name}"
        for type_ in _SCHEMA.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__") and not is_connection(type_)
        for name, field in type_.fields.items()
        if is_list(field)
    }

    # What only mutations answer with are refusals: plain objects made from the outcome, which the test below holds to that.
    assert {coordinate for coordinate in lists - covered if not coordinate.endswith("Payload.userErrors")} == set()
    assert {"Query.products", "Product.variants", "Category.ancestors", "Query._entities"} <= covered


def test_shows_refusals_without_reading() -> None:
    errors = _SCHEMA.type_map["UserError"]

    fields = [
        (type_.name, name)
        for type_ in _SCHEMA.get_possible_types(errors)  # type: ignore[arg-type]
        for name, field in type_.fields.items()
        if isinstance(get_named_type(field.type), GraphQLObjectType)
    ]

    assert fields == [], "these refusals show objects: count the statements of 1 and of 50 of them"
