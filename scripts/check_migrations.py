"""Fails when the tables that the migrations make are not those that the models describe."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

import app.models.catalog
import app.models.events
import app.models.idempotency
import app.models.inventory
import app.models.pricing  # noqa: F401 - the tables enter the metadata when their modules are imported
from app.cli.migrations import connect_alone, upgrade
from app.embedded.postgres import EmbeddedPostgres
from app.models.base import Model


def main() -> None:
    """Migrate an empty database and compare."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder), durable=False) as postgres:
        differences = asyncio.run(find_differences(postgres.url))
    for difference in differences:
        print(f"models and migrations differ: {difference}", file=sys.stderr)
    if differences:
        sys.exit(1)
    print("Models and migrations agree.")


async def find_differences(url: str) -> list[Any]:
    """What `alembic revision --autogenerate` would write."""
    await upgrade(url=url, on_progress=lambda _: None)
    async with connect_alone(url=url) as connection:
        return await connection.run_sync(_compare)


def _compare(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, Model.metadata))


if __name__ == "__main__":
    main()
