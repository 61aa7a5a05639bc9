"""The limit: the product page as one would write it by hand, without GraphQL. asyncpg rows → dicts → orjson → Starlette."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.domain.money import format_minor
from app.global_ids import encode_id

_PRODUCTS = "SELECT id, slug, name, category_id FROM products WHERE status = 'ACTIVE' ORDER BY created_at, id LIMIT 24"
_CATEGORIES = "SELECT id, slug, name FROM categories WHERE id = ANY ($1)"
_RANGES = """
SELECT v.product_id, min(p.currency_code) AS currency_code, min(p.amount_minor) AS amount_minor
FROM product_variants v JOIN variant_prices p ON p.variant_id = v.id
WHERE v.product_id = ANY ($1) AND p.channel_id = $2 GROUP BY v.product_id
"""
_VARIANTS = """
SELECT parents.id AS parent_id, v.* FROM unnest($1::uuid[]) AS parents (id)
JOIN LATERAL (SELECT id, sku, name FROM product_variants WHERE product_id = parents.id ORDER BY position, id LIMIT 4) v
ON true
"""
_PRICES = (
    "SELECT variant_id, currency_code, amount_minor FROM variant_prices WHERE variant_id = ANY ($1) AND channel_id = $2"
)
_STOCK = "SELECT variant_id, sum(on_hand) AS units FROM stock_levels WHERE variant_id = ANY ($1) GROUP BY variant_id"


async def _rows(pool: Any, statement: str, *values: Any) -> list[asyncpg.Record]:
    async with pool.acquire() as connection:
        rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
        return rows


async def product_page(request: Request) -> Response:
    """The same data as `documents.PRODUCT_PAGE`."""
    pool = request.app.state.pool
    (channel,) = await _rows(pool, "SELECT id FROM channels WHERE slug = $1", "default")
    products = await _rows(pool, _PRODUCTS)
    ids = [row["id"] for row in products]
    categories = {row["id"]: row for row in await _rows(pool, _CATEGORIES, [row["category_id"] for row in products])}
    ranges = {row["product_id"]: row for row in await _rows(pool, _RANGES, ids, channel["id"])}
    variants = defaultdict(list)
    rows = await _rows(pool, _VARIANTS, ids)
    for row in rows:
        variants[row["parent_id"]].append(row)
    variant_ids = [row["id"] for row in rows]
    prices = {row["variant_id"]: row for row in await _rows(pool, _PRICES, variant_ids, channel["id"])}
    stock = {row["variant_id"]: row["units"] for row in await _rows(pool, _STOCK, variant_ids)}
    nodes = [
        {
            "id": encode_id("Product", product["id"]),
            "slug": product["slug"],
            "name": product["name"],
            "category": _category(categories.get(product["category_id"])),
            "priceRange": {"min": _money(ranges.get(product["id"]))} if product["id"] in ranges else None,
            "variants": {
                "nodes": [
                    {
                        "id": encode_id("ProductVariant", variant["id"]),
                        "sku": variant["sku"],
                        "name": variant["name"],
                        "price": _money(prices.get(variant["id"])),
                        "quantityAvailable": int(stock.get(variant["id"], 0)),
                    }
                    for variant in variants[product["id"]]
                ]
            },
        }
        for product in products
    ]
    return Response(orjson.dumps({"data": {"products": {"nodes": nodes}}}), media_type="application/json")


def _category(row: asyncpg.Record | None) -> dict[str, str] | None:
    return None if row is None else {"id": encode_id("Category", row["id"]), "slug": row["slug"], "name": row["name"]}


def _money(row: asyncpg.Record | None) -> dict[str, str] | None:
    if row is None:
        return None
    return {"amount": format_minor(row["amount_minor"], row["currency_code"]), "currencyCode": row["currency_code"]}


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["TRADEPOST_DATABASE_URL"], min_size=0, max_size=10) as pool:
        app.state.pool = pool
        yield


def create_app() -> Starlette:
    """The application that uvicorn runs."""
    return Starlette(routes=[Route("/page", product_page)], lifespan=_lifespan)
