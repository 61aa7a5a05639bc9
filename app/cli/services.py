"""PostgreSQL and Valkey for a command: those of the settings, those of the running `make dev`, or started for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from app.embedded.directory import DataDirectory
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.settings import Settings, SettingsError

Say = Callable[[str], None]


@contextmanager
def services(settings: Settings, *, say: Say) -> Iterator[Settings]:
    """The settings with both URLs filled in, good for the block; what the block had to start is stopped after it."""
    runtime = None if settings.database_url and settings.redis_url else DataDirectory(settings.data_dir).read_runtime()
    if runtime is not None:
        yield replace(
            settings,
            database_url=settings.database_url or runtime["database_url"],
            redis_url=settings.redis_url or runtime["redis_url"],
        )
        return
    with ExitStack() as stack:
        yield start_missing(settings, directory=DataDirectory(settings.data_dir), stack=stack, say=say)


def start_missing(settings: Settings, *, directory: DataDirectory, stack: ExitStack, say: Say) -> Settings:
    """Start what the settings name no URL for, to be stopped by ``stack``; the settings with all URLs."""
    if settings.database_url and settings.redis_url:
        return settings
    if settings.is_production:
        raise SettingsError("Production starts nothing embedded: set TRADEPOST_DATABASE_URL and TRADEPOST_REDIS_URL.")
    if not directory.is_held:
        directory.acquire(on_wait=say)
        stack.callback(directory.release)
    database_url, redis_url = settings.database_url, settings.redis_url
    if redis_url is None:
        say("Starting Valkey …")
        valkey = EmbeddedValkey(directory.path / "valkey")
        stack.callback(valkey.stop)
        valkey.start(on_wait=say)
        redis_url = valkey.url
    if database_url is None:
        say("Starting PostgreSQL …")
        postgres = EmbeddedPostgres(directory.path / "postgres", settings={"max_connections": "200"})
        stack.callback(postgres.stop)
        postgres.start(on_wait=say)
        database_url = postgres.url
    return replace(settings, database_url=database_url, redis_url=redis_url)
