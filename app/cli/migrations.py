"""The migrations, run from code: `tradepost migrate`, the development server and the tests share this."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from alembic import command

_PROJECT = Path(__file__).resolve().parents[2]
# Any number will do, as long as nobody else locks by it.
_LOCK = 7_340_021


def _config() -> Config:
    # The file isn't read, only its place is told: alembic.ini is for the command line of Alembic.
    config = Config()
    config.set_main_option("script_location", str(_PROJECT / "alembic").replace("%", "%%"))
    return config


async def upgrade(*, url: str, on_progress: Callable[[str], None], revision: str = "head") -> None:
    """Bring the database at ``url`` up to ``revision``; ``on_progress`` gets the title of each one done.

    May be called by several processes at once: one migrates, the others wait and find nothing to do.
    """
    await _run(url=url, on_progress=on_progress, action=lambda config: command.upgrade(config, revision))


async def downgrade(*, url: str, on_progress: Callable[[str], None], revision: str) -> None:
    """Take the database back to ``revision`` (``base`` for nothing at all); the data of what goes are lost."""
    await _run(url=url, on_progress=on_progress, action=lambda config: command.downgrade(config, revision))


async def _run(*, url: str, on_progress: Callable[[str], None], action: Callable[[Config], None]) -> None:
    def report(*, step: Any, **_: Any) -> None:
        on_progress(step.up_revision.doc)

    def run(connection: Connection) -> None:
        config = _config()
        config.attributes.update(connection=connection, on_version_apply=report)
        action(config)

    async with connect_alone(url=url) as connection:
        await connection.run_sync(run)


@asynccontextmanager
async def connect_alone(*, url: str) -> AsyncIterator[AsyncConnection]:
    """A connection for migrations: whoever else asks for one waits until it is given back.

    The wait comes before Alembic is entered, since Alembic keeps what it does in globals of the process.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool, hide_parameters=True
    )
    try:
        async with engine.connect() as connection:
            # The lock belongs to the session, and ends with it.
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            await connection.commit()
            yield connection
    finally:
        await engine.dispose()
