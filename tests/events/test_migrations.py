"""The migrations, up and down, from code and from Alembic's own command line."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from app.cli.migrations import downgrade, upgrade
from app.embedded.postgres import EmbeddedPostgres
from app.models.base import Model
from tests.conftest import execute, named

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """An empty database that belongs to a user without special rights."""
    admin = named(postgres.url, "postgres")
    await execute(admin, "CREATE ROLE shopkeeper LOGIN", "CREATE DATABASE to_migrate OWNER shopkeeper")
    yield named(postgres.url, "to_migrate").replace("postgres@", "shopkeeper@")
    await execute(admin, "DROP DATABASE to_migrate WITH (FORCE)", "DROP ROLE shopkeeper")


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()


async def test_goes_up_down_and_up_again(empty_url: str) -> None:
    titles: list[str] = []
    await upgrade(url=empty_url, on_progress=titles.append)
    assert "The log of events." in titles
    everything = await tables(empty_url)
    await downgrade(url=empty_url, on_progress=titles.append, revision="base")
    assert await tables(empty_url) == {"alembic_version"}
    await upgrade(url=empty_url, on_progress=titles.append)
    assert await tables(empty_url) == everything


async def test_makes_the_tables_of_the_models(empty_url: str) -> None:
    await upgrade(url=empty_url, on_progress=lambda _: None)
    engine = create_async_engine(empty_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_server_default": True}), Model.metadata
            )
        )
    await engine.dispose()
    assert differences == []


async def test_migrates_once_when_two_start_together(empty_url: str) -> None:
    titles: list[str] = []
    await asyncio.gather(*(upgrade(url=empty_url, on_progress=titles.append) for _ in range(3)))
    assert titles.count("The log of events.") == 1


def test_runs_from_the_command_line_of_alembic(postgres: EmbeddedPostgres, empty_url: str) -> None:
    # Run in the project's folder, where the folder `alembic` could hide the installed package.
    result = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=PROJECT,
        env={**os.environ, "TRADEPOST_DATABASE_URL": empty_url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert "events" in asyncio.run(tables(empty_url))
