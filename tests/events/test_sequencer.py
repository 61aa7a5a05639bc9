"""The sequencer at work: in batches, in competition, killed, and while other things are slow."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from app.adapters.pubsub.memory import MemoryPubSub
from app.database import Database
from app.events.log import append, append_many
from app.events.sequencer import Sequencer, sequence_batch
from app.events.types import ProductCreated
from app.events.wakeups import EVENTS_CHANNEL
from app.models.events import InboxEntry
from app.ports.pubsub import PubSub
from tests.events.following import (
    DEADLINE_SECONDS,
    assert_gapless,
    new_stream,
    read_all,
    running,
    sequence,
    sequencing,
    until,
    write,
)

CREATED = ProductCreated(product_id=UUID(int=1))
LEADERS = """
    SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
"""


@pytest.fixture
def pubsub() -> PubSub:
    return MemoryPubSub()


@pytest.fixture
async def other_database(url: str) -> Database:
    return Database(url=url, pool_size=5)


async def test_reads_in_the_order_of_positions(database: Database, url: str) -> None:
    streams = await write(database, events=10)
    await sequence(url)
    events = await read_all(database)
    assert_gapless(events)
    assert [event.stream for event in events] == streams
    assert events[0].event == CREATED


async def test_shows_nothing_before_it_is_sequenced(database: Database) -> None:
    await write(database)
    assert await read_all(database) == []


async def test_is_not_held_back_by_a_transaction_that_stays_open(database: Database, url: str) -> None:
    slow = new_stream()
    async with database.transaction() as session:
        await append(session, stream=slow, after_version=0, events=[CREATED], metadata={})
        quick = await write(database, events=3)
        await sequence(url)
        assert [event.stream for event in await read_all(database)] == quick
    await sequence(url)
    events = await read_all(database)
    assert [event.stream for event in events] == [*quick, slow]
    assert_gapless(events)


async def test_tells_the_new_head_after_each_batch(database: Database, pubsub: PubSub) -> None:
    async with pubsub.subscribe(EVENTS_CHANNEL) as messages, sequencing(database, pubsub):
        await write(database, pubsub=pubsub)
        assert await asyncio.wait_for(anext(messages), DEADLINE_SECONDS) == "1"


async def test_finds_events_without_being_woken(database: Database, pubsub: PubSub) -> None:
    async with sequencing(database, pubsub):
        await write(database, events=3)
        await until(lambda: has_read(database, 3))


async def has_read(database: Database, number: int) -> bool:
    return len(await read_all(database)) == number


async def test_goes_on_at_once_after_a_full_batch(database: Database, pubsub: PubSub) -> None:
    # At one batch a second, this would take more than the deadline.
    async with database.transaction() as session:
        await append_many(session, streams=[(new_stream(), 0, [CREATED]) for _ in range(600)], metadata={})
    sequencer = Sequencer(database=database, pubsub=pubsub, batch_size=10)
    async with running("The sequencer", sequencer.run):
        await until(lambda: has_read(database, 600))
    assert_gapless(await read_all(database))


async def test_lets_one_of_two_lead(database: Database, other_database: Database, pubsub: PubSub) -> None:
    async with sequencing(database, pubsub), sequencing(other_database, pubsub):
        await until(lambda: leaders(database))
        await write(database, events=20, pubsub=pubsub)
        await until(lambda: has_read(database, 20))
        assert len(await leaders(database)) == 1
    assert_gapless(await read_all(database))
    await other_database.close()


async def leaders(database: Database) -> list[int]:
    async with database.engine.connect() as connection:
        return [row.pid for row in await connection.exec_driver_sql(LEADERS)]


async def terminate(database: Database, pid: int) -> None:
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")


async def test_takes_over_from_a_leader_whose_connection_is_cut(
    database: Database, other_database: Database, pubsub: PubSub
) -> None:
    async with sequencing(database, pubsub), sequencing(other_database, pubsub):
        for total in (20, 40, 60):
            (leader,) = await until(lambda: leaders(database))
            await terminate(database, leader)
            await write(database, events=20, pubsub=pubsub)
            await until(partial(has_read, database, total))
            assert leader not in await leaders(database)
    assert_gapless(await read_all(database))
    await other_database.close()


async def test_cannot_give_a_number_twice_even_without_a_leader(database: Database, url: str) -> None:
    # Nothing should ever run two sequencers; if something does, the batch of one is refused as a whole.
    await write(database, events=200)
    connections = [await asyncpg.connect(url) for _ in range(4)]

    async def race(connection: asyncpg.Connection[asyncpg.Record]) -> None:
        while True:
            try:
                if not (await sequence_batch(connection, limit=7)).size:
                    return
            except asyncpg.UniqueViolationError:
                continue

    await asyncio.gather(*map(race, connections))
    for connection in connections:
        await connection.close()
    await sequence(url)
    events = await read_all(database)
    assert len(events) == 200
    assert_gapless(events)


HALFWAY = """
import asyncio, sys, asyncpg
from app.events.sequencer import Sequencer, sequence_batch

async def main():
    connection = await asyncpg.connect(sys.argv[1])
    assert await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended('tradepost sequencer', 0))")
    await connection.execute("BEGIN")
    await sequence_batch(connection, limit=3)
    print("halfway", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_survives_a_kill_in_the_middle_of_its_transaction(database: Database, url: str, pubsub: PubSub) -> None:
    await write(database, events=5)
    with subprocess.Popen([sys.executable, "-c", HALFWAY, url], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"halfway\n"
        assert len(await leaders(database)) == 1
        process.send_signal(signal.SIGKILL)
    async with sequencing(database, pubsub):
        await until(lambda: has_read(database, 5))
    assert_gapless(await read_all(database))


async def test_leaves_the_inbox_empty(database: Database, url: str) -> None:
    await write(database, events=5)
    await sequence(url)
    async with database.transaction() as session:
        assert await session.get(InboxEntry, 1) is None
