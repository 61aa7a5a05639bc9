"""The log after a restore: what was saved is there once, and cursors into what was lost are refused."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.adapters.pubsub.memory import MemoryPubSub
from app.cli.migrations import upgrade
from app.database import Database
from app.embedded.postgres import EmbeddedPostgres
from app.events.log import CursorLost, EventCursor, append, read, read_state
from app.events.tail import EventTail
from app.events.types import ProductCreated
from tests.conftest import execute, named
from tests.events.following import assert_gapless, can_write, new_stream, read_all, sequence, until, write


async def holds(database: Database, cursor: EventCursor) -> bool:
    return (await read_state(database, cursor=cursor)).holds_cursor


async def run(*command: str | Path) -> None:
    result = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


@pytest.fixture
async def other_postgres(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """An empty cluster."""
    with EmbeddedPostgres(tmp_path / "other", durable=False) as server:
        yield server


async def test_goes_on_after_a_dump_is_restored_into_a_new_cluster(
    postgres: EmbeddedPostgres, other_postgres: EmbeddedPostgres, database: Database, url: str, tmp_path: Path
) -> None:
    sequenced = await write(database, events=4)
    await sequence(url)
    waiting = await write(database, events=2)
    dump = tmp_path / "dump.sql"
    async with database.transaction() as session:
        created = ProductCreated(product_id=UUID(int=1))
        await append(session, stream=new_stream(), after_version=0, events=[created], metadata={})
        await run(postgres.binary("pg_dump"), url, "-f", dump)
    saved = await read_all(database)
    lost_streams = await write(database, events=3)
    await sequence(url)
    lost = (await read_all(database))[len(saved) :]

    await run(other_postgres.binary("psql"), other_postgres.url, "-v", "ON_ERROR_STOP=1", "-q", "-f", dump)
    restored = Database(url=other_postgres.url)
    # Before any sequencer has seen the restore, and after.
    for _ in range(2):
        assert [await holds(restored, event.cursor) for event in saved] == [True] * 4
        assert not any([await holds(restored, event.cursor) for event in lost])
        await sequence(other_postgres.url)
    new = await write(restored, events=5)
    await sequence(other_postgres.url)

    events = await read_all(restored)
    assert_gapless(events)
    assert [event.stream for event in events] == [*sequenced, *waiting, *new]
    assert not set(lost_streams) & {event.stream for event in events}
    # The same numbers are taken by other events now; the epoch tells them apart.
    assert {event.sequence for event in lost} < {event.sequence for event in events}
    assert [await holds(restored, event.cursor) for event in saved] == [True] * 4
    assert not any([await holds(restored, event.cursor) for event in lost])
    assert all([await holds(restored, event.cursor) for event in events])
    after_saved = await read(restored, after_sequence=saved[-1].sequence, limit=100)
    assert [event.stream for event in after_saved] == [*waiting, *new]
    await restored.close()


async def test_tells_two_restores_of_one_dump_apart(
    postgres: EmbeddedPostgres, other_postgres: EmbeddedPostgres, database: Database, url: str, tmp_path: Path
) -> None:
    await write(database, events=2)
    await sequence(url)
    dump = tmp_path / "dump.sql"
    await run(postgres.binary("pg_dump"), url, "-f", dump)
    admin = named(other_postgres.url, "postgres")
    events = []
    for name in ("first", "second"):
        await execute(admin, f"CREATE DATABASE {name}")
        restored = Database(url=named(other_postgres.url, name))
        await run(other_postgres.binary("psql"), named(other_postgres.url, name), "-q", "-f", dump)
        await sequence(named(other_postgres.url, name))
        await write(restored, events=2)
        await sequence(named(other_postgres.url, name))
        events.append((restored, await read_all(restored)))
    (first, of_first), (second, of_second) = events
    assert await holds(first, of_first[-1].cursor)
    assert not await holds(second, of_first[-1].cursor)
    assert not await holds(first, of_second[-1].cursor)
    assert await holds(second, of_first[1].cursor)
    await first.close()
    await second.close()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A cluster that one test alone may stop and copy."""
    with EmbeddedPostgres(tmp_path / "own", durable=False) as server:
        yield server


async def test_notices_files_that_were_set_back(own_postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    # Neither the system identifier nor the timeline changes when the files of a backup are put back.
    await upgrade(url=own_postgres.url, on_progress=lambda _: None)
    database = Database(url=own_postgres.url)
    await write(database, events=3)
    await sequence(own_postgres.url)
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(own_postgres.directory / "password", copy)
    await run(
        own_postgres.binary("pg_basebackup"),
        "-d",
        own_postgres.url,
        "-D",
        copy / "cluster",
        "-X",
        "stream",
        "-c",
        "fast",
    )
    await write(database, events=2)
    await sequence(own_postgres.url)
    before = await read_all(database)
    await database.close()

    with EmbeddedPostgres(copy, durable=False) as server:
        restored = Database(url=server.url)
        await sequence(server.url)
        new = await write(restored, events=4)
        await sequence(server.url)
        events = await read_all(restored)
        assert_gapless(events)
        assert [event.stream for event in events] == [event.stream for event in before[:3]] + new
        assert [await holds(restored, event.cursor) for event in before] == [True] * 3 + [False] * 2
        tail = EventTail(database=restored, pubsub=MemoryPubSub())
        with pytest.raises(CursorLost):
            async with tail.subscribe(after=before[4].cursor):
                pass
        await restored.close()


async def test_keeps_cursors_over_a_mere_restart(own_postgres: EmbeddedPostgres) -> None:
    await upgrade(url=own_postgres.url, on_progress=lambda _: None)
    database = Database(url=own_postgres.url)
    for _ in range(3):
        await until(lambda: can_write(database))
        await sequence(own_postgres.url)
        own_postgres.stop()
        own_postgres.start()
    await until(lambda: can_write(database))
    events = await read_all(database)
    assert_gapless(events)
    assert all([await holds(database, event.cursor) for event in events])
    assert len({event.epoch for event in events}) == 3
    await database.close()


async def test_refuses_cursors_that_never_were(database: Database, url: str) -> None:
    await write(database, events=2)
    await sequence(url)
    (_, last) = await read_all(database)
    assert await holds(database, EventCursor(last.epoch, 0))
    assert await holds(database, last.cursor)
    assert not await holds(database, EventCursor(last.epoch, 3))
    assert not await holds(database, EventCursor(UUID(int=1), 1))
