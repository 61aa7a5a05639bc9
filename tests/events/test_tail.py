"""Subscriptions to the log: no gap and no repetition, for the quick, the slow and the late, and through outages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.adapters.pubsub.memory import MemoryPubSub
from app.adapters.pubsub.valkey import ValkeyPubSub
from app.cli.migrations import upgrade
from app.database import AnyRow, Database, DatabaseUnavailable, Reader, Statement
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.events.log import CursorLost, RecordedEvent, append
from app.events.tail import EventTail
from app.events.types import ProductCreated, ProductDeleted
from app.ports.pubsub import PubSub
from tests.conftest import execute
from tests.events.following import DEADLINE_SECONDS, can_write, new_stream, read_all, sequence, sequencing, until, write


@pytest.fixture
def pubsub() -> PubSub:
    return MemoryPubSub()


async def take(events: AsyncIterator[RecordedEvent], number: int) -> list[int]:
    """The sequences of the next events."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        return [(await anext(events)).sequence for _ in range(number)]


class CountedReads:
    """The database, with a count of the statements."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.statements: list[str] = []

    async def fetch(self, statement: Statement, row: type[AnyRow], parameters: Mapping[str, Any]) -> Sequence[AnyRow]:
        self.statements.append(statement.name)
        return await self._reader.fetch(statement, row, parameters)


async def test_follows_from_now_on(database: Database, url: str, pubsub: PubSub) -> None:
    await write(database, events=2)
    await sequence(url)
    tail = EventTail(database=database, pubsub=pubsub)
    async with sequencing(database, pubsub), tail.subscribe() as events:
        await write(database, events=3, pubsub=pubsub)
        assert await take(events, 3) == [3, 4, 5]


@pytest.mark.parametrize("kept_events", [1, 3, 1000])
async def test_resumes_after_a_cursor(database: Database, url: str, pubsub: PubSub, kept_events: int) -> None:
    await write(database, events=20)
    await sequence(url)
    past = await read_all(database)
    tail = EventTail(database=database, pubsub=pubsub, kept_events=kept_events, batch_size=4)
    async with (
        sequencing(database, pubsub),
        tail.subscribe(after=past[4].cursor) as early,
        tail.subscribe(after=past[17].cursor) as late,
        tail.subscribe(after=past[19].cursor) as latest,
    ):
        assert await take(early, 5) == [6, 7, 8, 9, 10]
        await write(database, events=10, pubsub=pubsub)
        assert await take(late, 12) == list(range(19, 31))
        assert await take(latest, 10) == list(range(21, 31))
        assert await take(early, 20) == list(range(11, 31))


async def test_misses_nothing_when_it_reconnects_at_any_moment(database: Database, pubsub: PubSub) -> None:
    tail = EventTail(database=database, pubsub=pubsub, kept_events=5, batch_size=3)

    async def reconnect_often(seen: list[int], every: int) -> None:
        after = None
        while len(seen) < 60:
            async with tail.subscribe(after=after) as events:
                for _ in range(min(every, 60 - len(seen))):
                    event = await anext(events)
                    seen.append(event.sequence)
                    after = event.cursor

    async with sequencing(database, pubsub), tail.subscribe() as first:
        # From here on all cursors are known, so that both subscribers may begin with the first event.
        await write(database, pubsub=pubsub)
        await take(first, 1)
        seen: tuple[list[int], list[int]] = ([], [])
        tasks = [
            asyncio.create_task(reconnect_often(numbers, every)) for numbers, every in zip(seen, (1, 7), strict=True)
        ]
        await until(lambda: both_listen(tail))
        await write(database, events=80, pubsub=pubsub)
        await asyncio.wait_for(asyncio.gather(*tasks), DEADLINE_SECONDS)
    assert seen == (list(range(2, 62)), list(range(2, 62)))


async def both_listen(tail: EventTail) -> bool:
    return tail.subscribers == 3


async def test_gives_a_slow_subscriber_everything(database: Database, pubsub: PubSub) -> None:
    tail = EventTail(database=database, pubsub=pubsub, kept_events=5, batch_size=3)
    async with sequencing(database, pubsub), tail.subscribe() as quick, tail.subscribe() as slow:
        assert await take_while_writing(database, pubsub, slow, 1) == [1]
        await write(database, events=49, pubsub=pubsub)
        assert await take(quick, 50) == list(range(1, 51))
        assert await take(slow, 49) == list(range(2, 51))


async def take_while_writing(
    database: Database, pubsub: PubSub, events: AsyncIterator[RecordedEvent], number: int
) -> list[int]:
    await write(database, events=number, pubsub=pubsub)
    return await take(events, number)


async def test_picks_types(database: Database, pubsub: PubSub) -> None:
    tail = EventTail(database=database, pubsub=pubsub)
    product = UUID(int=1)
    async with sequencing(database, pubsub), tail.subscribe(types={ProductDeleted.type}) as events:
        for _ in range(3):
            async with database.transaction() as session:
                both = [ProductCreated(product_id=product), ProductDeleted(product_id=product)]
                await append(session, stream=new_stream(), after_version=0, events=both, metadata={})
        assert await take(events, 3) == [2, 4, 6]


async def test_reads_the_log_once_for_all_subscribers(database: Database, pubsub: PubSub) -> None:
    reads = CountedReads(database)
    tail = EventTail(database=reads, pubsub=pubsub)

    async def follow(seen: list[int]) -> None:
        async with tail.subscribe() as events:
            seen += await take(events, 5)

    seen: list[list[int]] = [[] for _ in range(50)]
    async with sequencing(database, pubsub):
        tasks = [asyncio.create_task(follow(numbers)) for numbers in seen]

        async def all_listen() -> bool:
            return tail.subscribers == 50

        await until(all_listen)
        await write(database, events=5, pubsub=pubsub)
        await asyncio.gather(*tasks)
    assert seen == [[1, 2, 3, 4, 5]] * 50
    assert reads.statements.count("events.read") <= 5


async def test_is_silent_without_subscribers(database: Database, pubsub: PubSub) -> None:
    reads = CountedReads(database)
    tail = EventTail(database=reads, pubsub=pubsub)
    before = asyncio.all_tasks()
    async with tail.subscribe(), tail.subscribe():
        assert len(asyncio.all_tasks()) > len(before)
    await tail.close()
    assert asyncio.all_tasks() == before
    assert tail.subscribers == 0


async def test_refuses_subscribers_when_a_restore_takes_back_events(
    database: Database, url: str, pubsub: PubSub
) -> None:
    tail = EventTail(database=database, pubsub=pubsub)
    await write(database, events=3)
    await sequence(url)
    (first, *_) = await read_all(database)
    async with tail.subscribe(after=first.cursor) as events:
        assert await take(events, 2) == [2, 3]
        # What a restore leaves: the log as it was earlier.
        await execute(url, "DELETE FROM event_sequence WHERE sequence > 1")
        with pytest.raises(CursorLost):
            await take(events, 1)
    async with sequencing(database, pubsub), tail.subscribe(after=first.cursor) as events:
        await write(database, events=1)
        assert await take(events, 1) == [2]


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that one test alone may stop."""
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as server:
        yield server


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Valkey that one test alone may stop."""
    with EmbeddedValkey(tmp_path / "valkey", durable=False) as server:
        yield server


async def test_outlives_valkey(
    database: Database, own_valkey: EmbeddedValkey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    pubsub = ValkeyPubSub(url=own_valkey.url)
    tail = EventTail(database=database, pubsub=pubsub)
    async with sequencing(database, pubsub), tail.subscribe() as events:
        await write(database, events=3, pubsub=pubsub)
        assert await take(events, 3) == [1, 2, 3]
        own_valkey.stop()
        await write(database, events=3, pubsub=pubsub)
        assert await take(events, 3) == [4, 5, 6]
        own_valkey.start()

        async def is_well() -> bool:
            return sum("works again" in record.message for record in caplog.records) == 2

        await until(is_well)
        await write(database, events=3, pubsub=pubsub)
        assert await take(events, 3) == [7, 8, 9]
    # One line when it begins and one when it ends, for the sequencer's channel and for the tail's.
    assert sorted(record.message.split(" is ")[0] for record in caplog.records) == [
        "Listening on the channel 'events'",
        "Listening on the channel 'events' works again.",
        "Listening on the channel 'wake'",
        "Listening on the channel 'wake' works again.",
    ]
    await pubsub.close()


async def test_outlives_postgresql(
    own_postgres: EmbeddedPostgres, pubsub: PubSub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await upgrade(url=own_postgres.url, on_progress=lambda _: None)
    database = Database(url=own_postgres.url)
    tail = EventTail(database=database, pubsub=pubsub, kept_events=2)
    async with sequencing(database, pubsub), tail.subscribe() as quick, tail.subscribe() as slow:
        await write(database, events=3, pubsub=pubsub)
        assert await take(quick, 3) == [1, 2, 3]
        assert await take(slow, 1) == [1]
        for total in (4, 5, 6):
            own_postgres.stop()
            with pytest.raises(DatabaseUnavailable):
                async with tail.subscribe():
                    pass
            own_postgres.start()
            await until(lambda: can_write(database))
            assert await take(quick, 1) == [total]
        assert await take(slow, 5) == [2, 3, 4, 5, 6]
    assert sum("The tail of the log is interrupted" in record.message for record in caplog.records) <= 3
    assert not any(record.levelno >= logging.ERROR for record in caplog.records)
    await database.close()
