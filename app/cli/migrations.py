"""The migrations, run from code: `tradepost migrate`, the development server and the tests share this."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from alembic import command
from alembic.config import Config

_PROJECT = Path(__file__).resolve().parents[2]


def _config() -> Config:
    # The file isn't read, only its place is told: alembic.ini is for the command line of Alembic.
    config = Config()
    config.set_main_option("script_location", str(_PROJECT / "alembic").replace("%", "%%"))
    return config


async def upgrade(*, url: str, on_progress: Callable[[str], None], revision: str = "head") -> None:
    """Bring the database at ``url`` up to ``revision``; ``on_progress`` gets the title of each migration when it's done.

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

    _, _, address = url.partition("://")
    engine = create_async_engine(f"postgresql+asyncpg://{address}", poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()
