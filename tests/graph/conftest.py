from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio

from app.bootstrap import build_application
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from tests.api import Api, open_api
from tests.conftest import STAFF_TOKEN, execute, named, settings_for
from tests.graph.shops import Shop, open_filled_shop

MANY = 50


@asynccontextmanager
async def api_of(shop: Shop, **environment: str) -> AsyncIterator[Api]:
    """Another API of the same shop, with settings of its own: the shop's has no limits to speak of."""
    url = shop.application.settings.database_url, shop.application.settings.redis_url
    assert url[0] is not None and url[1] is not None
    application = build_application(settings_for(database_url=url[0], redis_url=url[1], **environment))
    try:
        async with open_api(application, staff_token=STAFF_TOKEN) as api:
            yield api
    finally:
        await application.close()


@pytest_asyncio.fixture(scope="session")
async def limited_api(large_shop: Shop) -> AsyncIterator[Api]:
    """The large shop behind the limits that strangers meet."""
    async with api_of(large_shop) as api:
        yield api


@pytest_asyncio.fixture(scope="session")
async def closed_api(large_shop: Shop) -> AsyncIterator[Api]:
    """The large shop as production shows it: no introspection, no suggestions; one other origin may read."""
    async with api_of(
        large_shop,
        TRADEPOST_INTROSPECTION="false",
        TRADEPOST_SUGGESTIONS="false",
        TRADEPOST_CORS_ORIGINS="https://storefront.example",
    ) as api:
        yield api


@asynccontextmanager
async def filled_shop(
    postgres: EmbeddedPostgres, valkey: EmbeddedValkey, *, name: str, size: int
) -> AsyncIterator[Shop]:
    """A shop in a database of its own, behind limits that nothing meets."""
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
    async with filled_shop(postgres, valkey, name="small_shop", size=1) as shop:
        yield shop


@pytest_asyncio.fixture(scope="session")
async def large_shop(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> AsyncIterator[Shop]:
    """A shop with fifty of everything. Tests only read it."""
    async with filled_shop(postgres, valkey, name="large_shop", size=MANY) as shop:
        yield shop
