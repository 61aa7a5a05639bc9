"""Shops of any size with everything in them: whoever asks for a field of any item gets an answer that had to be read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.bootstrap import Application, build_application
from app.global_ids import decode_key, encode_id
from app.ids import new_id
from app.models.catalog import Category
from app.models.pricing import Channel
from app.settings import Settings
from app.usecases.catalog.refresh_listings import RefreshListings
from app.usecases.pricing.open_shop import OpenShop, OpenShopCommand
from tests.api import Api, open_api

_CREATE = """
mutation Create($input: ProductCreateInput!) {
  productCreate(input: $input) {
    product { id slug media { id } variants(first: 100) { nodes { id } } }
    userErrors { field message }
  }
}
"""


@dataclass(slots=True)
class Shop:
    """A shop's API and what there is to ask it for."""

    api: Api
    application: Application
    ids: dict[str, list[str]] = field(default_factory=dict)
    """Global ids by type; all have the same length at least: the shop's size."""
    slugs: dict[str, list[str]] = field(default_factory=dict)


@asynccontextmanager
async def open_filled_shop(*, settings: Settings, staff_token: str, size: int) -> AsyncIterator[Shop]:
    """A shop with ``size`` products, variants, pictures, channels and categories on a migrated database."""
    application = build_application(settings)
    try:
        await OpenShop(database=application.database, new_id=new_id).execute(OpenShopCommand())
        async with open_api(application, staff_token=staff_token) as api:
            shop = Shop(api, application)
            await _add_channels(shop, size=size)
            categories = await _add_categories(shop, size=size)
            for number in range(size):
                await _add_product(shop, number=number, size=size, category=categories[number])
            keys = [decode_key(id, typename="Product") for id in shop.ids["Product"]]
            await RefreshListings(database=application.database).execute(keys)
            yield shop
    finally:
        await application.close()


async def _add_channels(shop: Shop, *, size: int) -> None:
    # The first one, "default", is there already.
    rows = [
        Channel(id=new_id(), slug=f"channel-{number}", name="A channel", currency_code="EUR", prices_include_tax=True)
        for number in range(1, size)
    ]
    async with shop.application.database.transaction() as session:
        session.add_all(rows)
    found = (await shop.api.staff("{ channels { id slug } }"))["channels"]
    shop.ids["Channel"] = [channel["id"] for channel in found]
    shop.slugs["Channel"] = [channel["slug"] for channel in found]


async def _add_categories(shop: Shop, *, size: int) -> list[UUID]:
    """One root with ``size`` branches, each with a leaf; gives the branches, which have all that a category can have."""
    root = new_id()
    rows = [Category(id=root, slug="root", name="Z: the root", parent_id=None, path=[root], level=0)]
    branches = [new_id() for _ in range(size)]
    for number, branch in enumerate(branches):
        leaf = new_id()
        name = f"{number:02} branch"
        rows += [
            Category(id=branch, slug=f"branch-{number}", name=name, parent_id=root, path=[root, branch], level=1),
            Category(id=leaf, slug=f"leaf-{number}", name="leaf", parent_id=branch, path=[root, branch, leaf], level=2),
        ]
    async with shop.application.database.transaction() as session:
        for level in range(3):
            session.add_all([row for row in rows if row.level == level])
            await session.flush()
    shop.ids["Category"] = [encode_id("Category", branch) for branch in branches]
    shop.slugs["Category"] = [f"branch-{number}" for number in range(size)]
    return branches


async def _add_product(shop: Shop, *, number: int, size: int, category: UUID) -> None:
    # The first product has many of everything, the others a few; in a shop of one there is one of everything.
    many = size if number == 0 else min(size, 3)
    pictures = [{"url": f"https://images.example.com/{number}/{at}.jpg", "alt": "A picture"} for at in range(many)]
    names = ["Size", "Colour", "Fit"][: min(size, 3)]
    variants = [
        {
            "sku": f"SKU-{number}-{at}",
            "options": [{"name": name, "value": str(at)} for name in names],
            "price": str(10 + number % 7),
            "compareAtPrice": "99",
            "weightGrams": 100,
            "onHand": 5,
            "mediaUrl": pictures[at]["url"],
        }
        for at in range(many)
    ]
    input: dict[str, Any] = {
        # Ties in names and prices, which a list has to break by id.
        "name": f"Product {number % 5}",
        "slug": f"product-{number}",
        "status": "ACTIVE",
        "vendor": "A vendor",
        "tags": ["one", "two"],
        "seo": {"title": "A title"},
        "categoryId": encode_id("Category", category),
        "externalReference": f"reference-{number}",
        "options": [{"name": name, "values": []} for name in names],
        "media": pictures,
        "variants": variants,
    }
    answer = (await shop.api.staff(_CREATE, {"input": input}))["productCreate"]
    assert answer["userErrors"] == []
    product = answer["product"]
    shop.ids.setdefault("Product", []).append(product["id"])
    shop.slugs.setdefault("Product", []).append(product["slug"])
    shop.ids.setdefault("Media", []).extend(picture["id"] for picture in product["media"])
    shop.ids.setdefault("ProductVariant", []).extend(variant["id"] for variant in product["variants"]["nodes"])
