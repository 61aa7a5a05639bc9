"""What the tests of the log do again and again: write, sequence, read back, wait for a condition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import TypeVar
from uuid import UUID

import asyncpg

from app.database import Database, DatabaseUnavailable
from app.events.log import RecordedEvent, append, read
from app.events.sequencer import Sequencer, begin_epoch, sequence_batch
from app.events.supervision import Work, keep_running
from app.events.types import ProductCreated
from app.events.wakeups import wake
from app.ports.pubsub import PubSub

DEADLINE_SECONDS = 30.0
_STREAMS = count(1)

T = TypeVar("T")


def new_stream() -> str:
    """The name of a stream that no other test has."""
    return f"stream-{next(_STREAMS)}"


async def write(database: Database, *, events: int = 1, pubsub: PubSub | None = None) -> list[str]:
    """Append each event to a stream of its own, in a transaction of its own; returns the streams."""
    streams = [new_stream() for _ in range(events)]
    for stream in streams:
        async with database.transaction() as session:
            created = ProductCreated(product_id=UUID(int=1))
            await append(session, stream=stream, after_version=0, events=[created], metadata={})
        if pubsub is not None:
            await wake(pubsub)
    return streams


async def sequence(url: str) -> None:
    """Do what a new leader does, until the inbox is empty."""
    connection = await asyncpg.connect(url)
    try:
        await begin_epoch(connection)
        while (await sequence_batch(connection, limit=3)).size:
            pass
    finally:
        await connection.close()


async def read_all(database: Database) -> list[RecordedEvent]:
    """The whole log, in order."""
    return await read(database, after_sequence=0, limit=1_000_000)


async def until(condition: Callable[[], Awaitable[T]]) -> T:
    """Ask again and again until the answer is true; fails at the deadline."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not (answer := await condition()):
            await asyncio.sleep(0.02)
        return answer


@asynccontextmanager
async def running(what: str, work: Work) -> AsyncIterator[asyncio.Task[None]]:
    """Keep something running during the block, as a worker does."""
    task = asyncio.create_task(keep_running(what=what, work=work))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def sequencing(database: Database, pubsub: PubSub) -> AsyncIterator[None]:
    """Keep a sequencer running during the block."""
    async with running("The sequencer", Sequencer(database=database, pubsub=pubsub).run):
        yield


def assert_gapless(events: list[RecordedEvent]) -> None:
    """The sequences are 1, 2, 3 … and no position comes twice."""
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert len({event.position for event in events}) == len(events)


async def can_write(database: Database) -> bool:
    """Try to append one event; false while PostgreSQL is away."""
    try:
        await write(database)
    except DatabaseUnavailable:
        return False
    return True
