"""How Alembic reaches the database: through a connection that the caller gives, or by a URL."""

from __future__ import annotations

import asyncio
import os

from sqlalchemy import Connection, text

import app.models.catalog
import app.models.events
import app.models.idempotency
import app.models.inventory
import app.models.pricing  # noqa: F401
from alembic import context
from app.cli.migrations import connect_alone
from app.models.base import Model

# A migration that can't get its lock gives up, instead of standing in the way of a live shop's statements.
LOCK_TIMEOUT = "5s"


def migrate(connection: Connection) -> None:
    """Run the migrations that the command asks for, each in a transaction of its own."""
    connection.execute(text("SELECT set_config('lock_timeout', :timeout, false)"), {"timeout": LOCK_TIMEOUT})
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        compare_server_default=True,
        transaction_per_migration=True,
        on_version_apply=context.config.attributes.get("on_version_apply"),
    )
    with context.begin_transaction():
        context.run_migrations()


def database_url() -> str:
    """The URL for asyncpg, from the caller or the environment."""
    url = context.config.attributes.get("url") or os.environ.get("TRADEPOST_DATABASE_URL")
    if not url:
        raise SystemExit("TRADEPOST_DATABASE_URL is missing: set it to the database that shall be migrated.")
    return str(url)


async def connect_and_migrate() -> None:
    """Open a connection for the command line."""
    async with connect_alone(url=database_url()) as connection:
        await connection.run_sync(migrate)


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Model.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
elif given is not None:
    migrate(given)
else:
    asyncio.run(connect_and_migrate())
