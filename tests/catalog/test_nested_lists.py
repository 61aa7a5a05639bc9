"""Lists below many parents: each parent gets its own, as if it had been asked alone."""

from __future__ import annotations

from typing import Any

import pytest

from app.bootstrap import Application
from app.seeding.shop import SeedShop, SeedShopCommand
from tests.api import Api

LISTS = {
    "products": "first: 3",
    "products by price": "first: 2, sortKey: PRICE, reverse: true, filter: {inStock: true}",
    "children": "first: 2",
}
PRODUCT_LIST = "{ nodes { slug } pageInfo { hasNextPage } count { count } }"


@pytest.fixture
async def shop(api: Api, application: Application) -> Api:
    """A shop with products in many categories."""
    seeding = SeedShop(database=application.database, pubsub=application.pubsub)
    await seeding.execute(SeedShopCommand(products=80), on_progress=lambda _: None)
    return api


@pytest.mark.parametrize("name", LISTS)
async def test_gives_each_category_its_own(shop: Api, name: str) -> None:
    field = f"list: {name.partition(' ')[0]}({LISTS[name]}) {PRODUCT_LIST}"
    together = (await shop.run(f"{{ categories(first: 50) {{ nodes {{ slug {field} }} }} }}")).data
    categories = together["categories"]["nodes"]
    for category in categories:
        document = f"query One($slug: String!) {{ category(slug: $slug) {{ {field} }} }}"
        alone = (await shop.run(document, {"slug": category["slug"]})).data
        assert alone["category"]["list"] == category["list"]
    assert len({str(category["list"]) for category in categories}) > 3


async def test_gives_each_category_what_lies_in_it_or_below(shop: Api) -> None:
    document = "{ products(first: 100) { nodes { slug category { slug ancestors { slug } } } } }"
    products = (await shop.run(document)).data["products"]["nodes"]
    document = "{ categories(first: 46) { nodes { slug products(first: 100) { nodes { slug } count { count } } } } }"
    for category in (await shop.run(document)).data["categories"]["nodes"]:
        expected = [product["slug"] for product in products if category["slug"] in places(product)]
        assert [node["slug"] for node in category["products"]["nodes"]] == expected
        assert category["products"]["count"]["count"] == len(expected)


async def test_gives_each_product_its_own_variants(shop: Api) -> None:
    document = "{ products(first: 30) { nodes { slug variants(first: 2) { nodes { id product { slug } } count { count } } } } }"
    for product in (await shop.run(document)).data["products"]["nodes"]:
        assert {variant["product"]["slug"] for variant in product["variants"]["nodes"]} == {product["slug"]}
        assert len(product["variants"]["nodes"]) == min(2, product["variants"]["count"]["count"])


def places(product: dict[str, Any]) -> set[str]:
    """The categories that a product lies in: its own, and those above."""
    category = product["category"]
    return {category["slug"], *(above["slug"] for above in category["ancestors"])}
