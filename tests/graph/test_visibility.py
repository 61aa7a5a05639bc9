"""What isn't published is not there for guests, by whichever way they ask for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api import Api

_CREATE = """
mutation ($input: ProductCreateInput!) {
  productCreate(input: $input) { product { id slug media { id } variants { nodes { id sku } } } }
}
"""
_BY_EVERY_WAY = """
query ($id: ID!, $slug: String!, $variant: ID!, $sku: String!, $media: ID!, $keys: [_Any!]!) {
  product(id: $id) { id }
  bySlug: product(slug: $slug) { id }
  productVariant(id: $variant) { id }
  bySku: productVariant(sku: $sku) { id }
  node(id: $id) { id }
  nodes(ids: [$id, $variant, $media]) { id }
  _entities(representations: $keys) { __typename }
}
"""
_LISTS = """
query ($id: ID!, $status: [ProductStatus!]) {
  products { nodes { id } count { count } }
  byStatus: products(filter: { status: $status }) { nodes { id } count { count } }
  byId: products(filter: { ids: [$id], status: [DRAFT, ACTIVE, ARCHIVED] }) { nodes { id } }
}
"""


@pytest.mark.parametrize("status", ["DRAFT", "ARCHIVED"])
async def test_hides_what_is_not_active_from_guests(api: Api, status: str) -> None:
    input: dict[str, Any] = {
        "name": "Secret",
        "status": status,
        "media": [{"url": "https://images.example.com/secret.jpg"}],
        "variants": [{"sku": "SECRET"}],
    }
    product = (await api.staff(_CREATE, {"input": input}))["productCreate"]["product"]
    variant = product["variants"]["nodes"][0]
    keys = [
        {"__typename": "Product", "id": product["id"]},
        {"__typename": "Product", "slug": product["slug"]},
        {"__typename": "ProductVariant", "id": variant["id"]},
    ]
    one = {"id": product["id"], "slug": product["slug"], "variant": variant["id"], "sku": variant["sku"]}
    one |= {"media": product["media"][0]["id"], "keys": keys}
    many = {"id": product["id"], "status": [status]}

    hidden = (await api.run(_BY_EVERY_WAY, one)).data
    assert hidden == {
        **dict.fromkeys(["product", "bySlug", "productVariant", "bySku", "node"]),
        "nodes": [None] * 3,
        "_entities": [None] * 3,
    }
    lists = (await api.run(_LISTS, many)).data
    assert lists == {
        "products": {"nodes": [], "count": {"count": 0}},
        "byStatus": {"nodes": [], "count": {"count": 0}},
        "byId": {"nodes": []},
    }

    shown = await api.staff(_BY_EVERY_WAY, one)
    assert None not in [*shown.values(), *shown["nodes"], *shown["_entities"]]
    lists = await api.staff(_LISTS, many)
    assert [len(found["nodes"]) for found in lists.values()] == [1, 1, 1]
