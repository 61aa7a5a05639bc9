"""A sample shop in PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from app.adapters.pubsub.memory import MemoryPubSub
from app.bootstrap import Application
from app.cli.sample_shop import open_sample_shop
from app.database import Database
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.events.log import read
from app.events.sequencer import sequence_batch
from app.ids import new_id
from app.repositories.products import refresh_listings
from app.seeding.shop import CHUNK, SeedShop, SeedShopCommand, ShopNotEmpty
from app.usecases.inventory.adjust_stock import AdjustStock, AdjustStockCommand
from app.usecases.pricing.open_shop import OpenShop, OpenShopCommand
from tests.conftest import execute, named

PROJECT = Path(__file__).parents[2]
TABLES = [
    "categories",
    "channels",
    "warehouses",
    "products",
    "product_options",
    "product_media",
    "product_variants",
    "variant_prices",
    "stock_levels",
    "product_listings",
]


async def seed(database: Database, *, products: int = 80, number: int = 1) -> list[int]:
    """Fill the shop; how far it said that it was, each time."""
    told: list[int] = []
    seeding = SeedShop(database=database, pubsub=MemoryPubSub())
    await seeding.execute(SeedShopCommand(products=products, seed=number), on_progress=told.append)
    return told


async def query(database: Database, sql: str) -> list[tuple[Any, ...]]:
    async with database.transaction() as session:
        return [tuple(row) for row in await session.execute(text(sql))]


async def state(database: Database) -> dict[str, Any]:
    """All rows, by table."""
    return {table: await query(database, f"SELECT t::text FROM {table} t ORDER BY 1") for table in TABLES}  # noqa: S608


@pytest.fixture
async def other(postgres: EmbeddedPostgres) -> AsyncIterator[Database]:
    """A second new database."""
    admin = named(postgres.url, "postgres")
    await execute(admin, "CREATE DATABASE other_shop TEMPLATE migrated STRATEGY file_copy")
    database = Database(url=named(postgres.url, "other_shop"), pool_size=2)
    yield database
    await database.close()
    await execute(admin, "DROP DATABASE other_shop WITH (FORCE)")


async def test_makes_the_same_shop_of_the_same_seed(database: Database, other: Database) -> None:
    await seed(database)
    await seed(other)
    assert await state(database) == await state(other)


async def test_begins_a_large_shop_as_a_small_one(database: Database, other: Database) -> None:
    assert await seed(database, products=CHUNK + 20) == [CHUNK, CHUNK + 20]
    await seed(other, products=20)
    first = "SELECT p::text FROM products p ORDER BY id LIMIT 20"
    assert await query(database, first) == await query(other, first)
    assert await query(database, "SELECT count(*) FROM products") == [(CHUNK + 20,)]


async def test_lists_every_product_in_both_channels(database: Database) -> None:
    await seed(database)
    assert await query(database, "SELECT slug, currency_code, prices_include_tax FROM channels ORDER BY slug") == [
        ("default", "USD", False),
        ("eu", "EUR", True),
    ]
    counts = "SELECT c.slug, count(*) FROM product_listings JOIN channels c ON c.id = channel_id GROUP BY 1 ORDER BY 1"
    assert await query(database, counts) == [("default", 80), ("eu", 80)]


async def test_writes_the_listings_that_the_worker_would_derive(database: Database) -> None:
    await seed(database, products=400)
    listings = "SELECT l::text FROM product_listings l ORDER BY 1"
    before = await query(database, listings)
    ids: list[UUID] = [id for (id,) in await query(database, "SELECT id FROM products")]
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM product_listings"))
        await refresh_listings(session, ids)
    assert await query(database, listings) == before


async def test_records_its_events_so_that_readers_follow(database: Database, url: str) -> None:
    await seed(database, products=30)
    connection = await asyncpg.connect(url)
    try:
        await sequence_batch(connection, limit=10_000)
    finally:
        await connection.close()
    events = await read(database, after_sequence=0, limit=10_000)
    ((levels,),) = await query(database, "SELECT count(*) FROM stock_levels")
    assert [event.type for event in events].count("catalog.product.created") == 30
    assert [event.type for event in events].count("inventory.stock.adjusted") == levels
    assert len(events) == 30 + levels
    assert events[0].type == "catalog.product.created"
    assert {event.version for event in events} == {1}
    assert await query(database, "SELECT count(*) FROM event_inbox") == [(0,)]
    created = {event.data["product_id"] for event in events if event.type == "catalog.product.created"}
    assert created == {str(id) for (id,) in await query(database, "SELECT id FROM products")}


async def test_leaves_a_shop_that_others_can_write_to(database: Database) -> None:
    """Versions are those of the streams, and new positions follow those that were drawn for COPY."""
    await seed(database, products=5)
    ((variant_id,),) = await query(database, "SELECT id FROM product_variants ORDER BY id LIMIT 1")
    command = AdjustStockCommand(
        variant_id=variant_id, warehouse=None, on_hand=None, delta=7, reason="found", expected_on_hand=None
    )
    async with database.transaction() as session:
        await AdjustStock(clock=lambda: datetime.now(UTC)).execute(session, command)
    last = "SELECT version, (data->>'delta')::int, position = (SELECT max(position) FROM events) FROM events"
    assert await query(database, f"{last} ORDER BY position DESC LIMIT 1") == [(2, 7, True)]


async def test_refuses_a_shop_that_has_products(database: Database) -> None:
    await seed(database, products=5)
    before = await state(database)
    with pytest.raises(ShopNotEmpty):
        await seed(database, products=10)
    assert await state(database) == before


async def test_lets_one_of_two_seeders_win(database: Database) -> None:
    outcomes = await asyncio.gather(seed(database), seed(database), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ShopNotEmpty", "list"]
    assert await query(database, "SELECT count(*) FROM products") == [(80,)]


async def test_keeps_the_channel_and_the_warehouse_of_an_open_shop(database: Database) -> None:
    opened = await OpenShop(database=database, new_id=new_id).execute(OpenShopCommand(currency_code="JPY"))
    await seed(database, products=5)
    assert await query(database, "SELECT id, currency_code FROM channels WHERE slug = 'default'") == [
        (opened.channel_id, "JPY")
    ]
    assert await query(database, "SELECT DISTINCT warehouse_id FROM stock_levels") == [(opened.warehouse_id,)]
    assert await query(database, "SELECT DISTINCT currency_code FROM variant_prices ORDER BY 1") == [("EUR",), ("JPY",)]


async def test_opens_the_sample_shop_once(application: Application) -> None:
    said: list[str] = []
    await open_sample_shop(application.settings, say=said.append)
    before = await state(application.database)
    await open_sample_shop(application.settings, say=said.append)
    assert said == [f"  {application.settings.sample_products} sample products"]
    assert len(before["products"]) == application.settings.sample_products
    assert await state(application.database) == before


def test_seeds_from_the_command_line(url: str, valkey: EmbeddedValkey) -> None:
    environment = {**os.environ, "TRADEPOST_DATABASE_URL": url, "TRADEPOST_REDIS_URL": valkey.url}
    command = [sys.executable, "-m", "app", "seed", "--products", "20"]
    first, again = (
        subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("20 products in ")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == "Error: The shop has products or categories already: samples go into an empty one.\n"
