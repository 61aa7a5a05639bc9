from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from tests.conftest import STAFF_TOKEN, execute, named, settings_for
from tests.graph.shops import Shop, open_filled_shop

MANY = 50


@asynccontextmanager
async def _shop(postgres: EmbeddedPostgres, valkey: EmbeddedValkey, *, name: str, size: int) -> AsyncIterator[Shop]:
    await execute(named(postgres.url, "postgres"), f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY file_copy")
    settings = settings_for(
        database_url=named(postgres.url, name),
        redis_url=valkey.url,
        # What is counted are statements: the limits of strangers' documents are tested by themselves.
        TRADEPOST_LIMIT_COST="10000000",
        TRADEPOST_LIMIT_DEPTH="40",
    )
    async with open_filled_shop(settings=settings, staff_token=STAFF_TOKEN, size=size) as shop:
        yield shop


@pytest_asyncio.fixture(scope="session")
async def small_shop(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> AsyncIterator[Shop]:
    """A shop with one of everything. Tests only read it."""
    async with _shop(postgres, valkey, name="small_shop", size=1) as shop:
        yield shop


@pytest_asyncio.fixture(scope="session")
async def large_shop(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> AsyncIterator[Shop]:
    """A shop with fifty of everything. Tests only read it."""
    async with _shop(postgres, valkey, name="large_shop", size=MANY) as shop:
        yield shop
