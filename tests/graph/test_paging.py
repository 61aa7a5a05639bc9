"""Whoever walks through a list sees each item once, in order, in either direction; and no cursor serves another list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api import Api
from tests.graph.conftest import MANY
from tests.graph.shops import Shop

_PAGE_INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
_PAGING = "first: $first, after: $after, last: $last, before: $before"
_HEAD = "query ($id: String, $first: Int, $after: String, $last: Int, $before: String)"
_LISTS = {
    **{
        f"products by {key}{' reversed' if reverse == 'true' else ''}": (
            f"{_HEAD} {{ list: products(sortKey: {key}, reverse: {reverse}, {_PAGING}) {{ nodes {{ id }} {_PAGE_INFO} }} }}"
        )
        for key in ("CREATED_AT", "UPDATED_AT", "NAME", "PRICE")
        for reverse in ("false", "true")
    },
    "categories": f"{_HEAD} {{ list: categories({_PAGING}) {{ nodes {{ id }} {_PAGE_INFO} }} }}",
    "children": f"{_HEAD} {{ of: category(slug: $id) {{ list: children({_PAGING}) {{ nodes {{ id }} {_PAGE_INFO} }} }} }}",
    "products of a category": (
        f"{_HEAD} {{ of: category(slug: $id) "
        f"{{ list: products(sortKey: PRICE, reverse: true, {_PAGING}) {{ nodes {{ id }} {_PAGE_INFO} }} }} }}"
    ),
    "variants": f"{_HEAD} {{ of: product(slug: $id) {{ list: variants({_PAGING}) {{ nodes {{ id }} {_PAGE_INFO} }} }} }}",
}
_PARENTS = {"children": "root", "products of a category": "root", "variants": "product-0"}


async def _page(api: Api, document: str, parent: str | None, **paging: Any) -> dict[str, Any]:
    # The document declares $id in any case; where nothing uses it, it has to go.
    text = document if parent else document.replace("$id: String, ", "")
    data = (await api.run(text, {"id": parent, **paging})).data
    page: dict[str, Any] = data["of"]["list"] if "of" in data else data["list"]
    return page


@pytest.mark.parametrize("name", _LISTS)
@pytest.mark.parametrize("size", [3, 7, 50, 100])
async def test_walks_through_a_list_in_both_directions(limited_api: Api, name: str, size: int) -> None:
    document, parent = _LISTS[name], _PARENTS.get(name)

    forward: list[str] = []
    page = await _page(limited_api, document, parent, first=size)
    assert page["pageInfo"]["hasPreviousPage"] is False
    while True:
        forward += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        assert len(page["nodes"]) == size
        page = await _page(limited_api, document, parent, first=size, after=page["pageInfo"]["endCursor"])
        assert page["pageInfo"]["hasPreviousPage"] is True

    backward: list[str] = []
    page = await _page(limited_api, document, parent, last=size)
    assert page["pageInfo"]["hasNextPage"] is False
    while True:
        backward = [node["id"] for node in page["nodes"]] + backward
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        page = await _page(limited_api, document, parent, last=size, before=page["pageInfo"]["startCursor"])

    assert len(forward) >= MANY
    assert len(set(forward)) == len(forward)
    assert backward == forward


async def test_sorts_by_the_key_and_breaks_ties_by_id(limited_api: Api) -> None:
    document = "query ($key: ProductSortKey!, $reverse: Boolean!) { products(first: 50, sortKey: $key, reverse: $reverse) { nodes { id name createdAt updatedAt priceRange { min { amount } } } } }"  # noqa: E501  # fmt: skip
    keys: dict[str, Callable[[dict[str, Any]], Any]] = {
        "NAME": lambda node: node["name"],
        "CREATED_AT": lambda node: node["createdAt"],
        "UPDATED_AT": lambda node: node["updatedAt"],
        "PRICE": lambda node: float(node["priceRange"]["min"]["amount"]),
    }
    for key, value in keys.items():
        found = {
            reverse: (await limited_api.run(document, {"key": key, "reverse": reverse})).data["products"]["nodes"]
            for reverse in (False, True)
        }
        values = [value(node) for node in found[False]]
        assert values == sorted(values)
        assert [node["id"] for node in found[True]] == [node["id"] for node in found[False]][::-1]
    assert len({node["name"] for node in found[False]}) < MANY, "the shop has no ties to break"


async def test_gives_each_edge_the_cursor_to_go_on_from(limited_api: Api) -> None:
    document = "query ($after: String) { products(sortKey: NAME, after: $after) { edges { cursor node { id } } } }"
    edges = (await limited_api.run(document)).data["products"]["edges"]
    for place, edge in enumerate(edges[:-1]):
        following = (await limited_api.run(document, {"after": edge["cursor"]})).data["products"]["edges"]
        assert following[0] == edges[place + 1]


async def test_refuses_the_cursor_of_another_list(limited_api: Api, large_shop: Shop) -> None:
    id, other = large_shop.ids["Product"][:2]
    end = "{ pageInfo { endCursor } }"
    lists = {
        "products": f"products(first: 1) {end}",
        "reversed": f"products(first: 1, reverse: true) {end}",
        "sorted": f"products(first: 1, sortKey: NAME) {end}",
        "filtered": f'products(first: 1, filter: {{ vendors: ["A vendor"] }}) {end}',
        "by price": f"products(first: 1, sortKey: PRICE) {end}",
        "categories": f"categories(first: 1) {end}",
        "branches": f"categories(first: 1, level: 1) {end}",
        "variants": f'product(id: "{id}") {{ variants(first: 1) {end} }}',
        "variants of another": f'product(id: "{other}") {{ variants(first: 1) {end} }}',
        "in a category": f'category(slug: "branch-0") {{ products(first: 1) {end} }}',
        "in another": f'category(slug: "branch-1") {{ products(first: 1) {end} }}',
    }
    cursors = {name: _cursor((await limited_api.run(f"{{ {field} }}")).data) for name, field in lists.items()}
    assert len(set(cursors.values()) - {None}) == len(lists)
    for wanted, field in lists.items():
        for name, cursor in cursors.items():
            answer = await limited_api.run(_after(field, cursor))
            assert answer.codes == ([] if name == wanted else ["INVALID_CURSOR"]), (name, wanted)

    # Prices are a channel's: so is the place in a list that they sort.
    document = _after(lists["by price"], cursors["by price"])
    assert (await limited_api.run(document, headers={"X-Channel": "channel-1"})).codes == ["INVALID_CURSOR"]


def _after(field: str, cursor: str | None) -> str:
    return "{ " + field.replace("first: 1", f'first: 1, after: "{cursor}"', 1) + " }"


def _cursor(data: Any) -> str | None:
    while "endCursor" not in data:
        (data,) = data.values()
    cursor: str | None = data["endCursor"]
    return cursor


async def test_keeps_the_place_when_items_come_and_go(api: Api) -> None:
    create = "mutation ($n: String!) { productCreate(input: { name: $n, status: ACTIVE }) { product { id } } }"
    delete = "mutation ($id: ID!) { productDelete(input: { id: $id }) { deletedId } }"
    page = "query ($after: String) { products(sortKey: NAME, first: 2, after: $after) { nodes { id name } pageInfo { endCursor } } }"  # noqa: E501  # fmt: skip
    ids = [(await api.staff(create, {"n": name}))["productCreate"]["product"]["id"] for name in "BDFHJ"]
    first = (await api.run(page)).data["products"]

    await api.staff(create, {"n": "A"})
    await api.staff(delete, {"id": ids[1]})
    await api.staff(create, {"n": "E"})
    second = (await api.run(page, {"after": first["pageInfo"]["endCursor"]})).data["products"]

    assert [node["name"] for node in first["nodes"] + second["nodes"]] == ["B", "D", "E", "F"]
