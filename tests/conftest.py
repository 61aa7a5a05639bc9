"""Real servers for the tests: one PostgreSQL and one Valkey for each test process, a migrated database for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import hypothesis
import pytest

from app.bootstrap import Application, build_application
from app.cli.migrations import upgrade
from app.database import Database
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.ids import new_id
from app.settings import Settings, read_settings
from app.usecases.pricing.open_shop import OpenShop, OpenShopCommand
from tests.api import Api, open_api
from tests.server import Server, run_server
from tests.shop import fill_shop

# No test may fail because a machine is slow: the first text of all builds tables of Unicode, which takes seconds.
hypothesis.settings.register_profile(
    "tradepost", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tradepost")

_NUMBERS = count(1)


def named(url: str, database: str) -> str:
    """The same server's URL for another database."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


async def execute(url: str, *statements: str) -> None:
    """Run statements on a connection of their own, outside of transactions."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL whose database `migrated` is the template of all others."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        asyncio.run(execute(named(server.url, "postgres"), "CREATE DATABASE migrated"))
        asyncio.run(upgrade(url=named(server.url, "migrated"), on_progress=lambda _: None))
        yield server


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A Valkey that keeps nothing."""
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey"), durable=False) as server:
        yield server


@pytest.fixture
async def url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A new, migrated database."""
    name = f"test_{next(_NUMBERS)}"
    admin = named(postgres.url, "postgres")
    await execute(admin, f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY file_copy")
    yield named(postgres.url, name)
    await execute(admin, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """The pools of one process on that database."""
    database = Database(url=url, pool_size=5)
    yield database
    await database.close()


STAFF_TOKEN = "token-of-the-sample-staff-in-tests"


def settings_for(*, database_url: str, redis_url: str, **environment: str) -> Settings:
    """Settings as a server in tests reads them."""
    return read_settings(
        {
            "TRADEPOST_MODE": "test",
            "TRADEPOST_DATABASE_URL": database_url,
            "TRADEPOST_REDIS_URL": redis_url,
            "TRADEPOST_STAFF_TOKEN": STAFF_TOKEN,
            **environment,
        }
    )


@pytest.fixture
async def application(url: str, valkey: EmbeddedValkey) -> AsyncIterator[Application]:
    """The wired parts on a new database: an open shop without products."""
    application = build_application(settings_for(database_url=url, redis_url=valkey.url))
    await OpenShop(database=application.database, new_id=new_id).execute(OpenShopCommand())
    yield application
    await application.close()


@pytest.fixture
async def api(application: Application) -> AsyncIterator[Api]:
    """The API in this process, on a new database."""
    async with open_api(application, staff_token=STAFF_TOKEN) as opened:
        yield opened


async def open_shop(database_url: str) -> None:
    """Give a migrated database its first channel and warehouse."""
    database = Database(url=database_url, pool_size=1)
    try:
        await OpenShop(database=database, new_id=new_id).execute(OpenShopCommand())
    finally:
        await database.close()


@pytest.fixture(scope="session")
def server(
    postgres: EmbeddedPostgres,
    valkey: EmbeddedValkey,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[Server]:
    """`tradepost serve` and `tradepost worker` as processes of their own: a shop with a few products.

    GraphiQL is served from where the browser tests build it, once for many runs; others need not wait for that.
    """
    asyncio.run(execute(named(postgres.url, "postgres"), "CREATE DATABASE server TEMPLATE migrated"))
    asyncio.run(open_shop(named(postgres.url, "server")))
    with run_server(
        database_url=named(postgres.url, "server"),
        redis_url=valkey.url.replace("/0", "/1"),
        staff_token=STAFF_TOKEN,
        data_dir=tmp_path_factory.mktemp("server"),
        extra={"TRADEPOST_GRAPHIQL_DIR": str(graphiql_folder(pytestconfig))},
    ) as running:
        fill_shop(running)
        yield running


def graphiql_folder(config: pytest.Config) -> Path:
    """Where a GraphiQL that tests have built is kept, in pytest's cache."""
    return config.cache.mkdir("graphiql") / "bundle"
