"""Real servers for the tests of the log: one PostgreSQL and one Valkey for all, a migrated database for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from urllib.parse import urlsplit

import asyncpg
import pytest

from app.cli.migrations import upgrade
from app.database import Database
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey

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
