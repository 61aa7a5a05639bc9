"""Consumers and projections: in order, from a place that is kept, whatever breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.adapters.pubsub.memory import MemoryPubSub
from app.database import Database
from app.events.consumers import Consumer, Dispatcher, Projection, rebuild
from app.events.log import RecordedEvent
from app.ports.pubsub import PubSub
from tests.events.following import running, sequence, until, write


@pytest.fixture
def pubsub() -> PubSub:
    return MemoryPubSub()


def dispatcher(
    database: Database, pubsub: PubSub, consumer: Consumer | Projection, *, batch_size: int = 3
) -> Dispatcher:
    return Dispatcher(database=database, pubsub=pubsub, consumer=consumer, batch_size=batch_size)


async def place(database: Database, name: str) -> int | None:
    async with database.transaction() as session:
        found = await session.scalar(text("SELECT sequence FROM event_consumers WHERE name = :name"), {"name": name})
        return int(found) if found is not None else None


class Notebook:
    """A handler that writes down what it gets, and fails when told so."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.failures = 0

    async def handle(self, events: Sequence[RecordedEvent]) -> None:
        self.seen += [event.sequence for event in events]
        if self.failures:
            self.failures -= 1
            raise RuntimeError("as told")


async def test_hands_over_all_events_in_order(database: Database, url: str, pubsub: PubSub) -> None:
    notebook = Notebook()
    await write(database, events=10)
    await sequence(url)
    async with running("It", dispatcher(database, pubsub, Consumer(name="a", handle=notebook.handle)).run):

        async def has_come_to(number: int) -> bool:
            return await place(database, "a") == number

        await until(lambda: has_come_to(10))
        await write(database, events=2)
        await sequence(url)
        await until(lambda: has_come_to(12))
    assert notebook.seen == list(range(1, 13))


async def test_goes_on_where_it_was(database: Database, url: str, pubsub: PubSub) -> None:
    notebook = Notebook()
    consumer = Consumer(name="a", handle=notebook.handle)
    for total in (4, 8):
        await write(database, events=4)
        await sequence(url)
        async with running("It", dispatcher(database, pubsub, consumer).run):

            async def has_come_to(number: int = total) -> bool:
                return await place(database, "a") == number

            await until(has_come_to)
    assert notebook.seen == list(range(1, 9))


async def test_gives_a_batch_again_when_its_handler_fails(database: Database, url: str, pubsub: PubSub) -> None:
    notebook = Notebook()
    notebook.failures = 2
    await write(database, events=5)
    await sequence(url)
    async with running("It", dispatcher(database, pubsub, Consumer(name="a", handle=notebook.handle)).run):

        async def is_done() -> bool:
            return await place(database, "a") == 5

        await until(is_done)
    assert notebook.seen == [1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5]


async def create_counts(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE counted (sequence bigint)"))


async def count_events(session: AsyncSession, events: Sequence[RecordedEvent]) -> None:
    sequences = [event.sequence for event in events]
    await session.execute(text("INSERT INTO counted SELECT unnest(CAST(:all AS bigint[]))"), {"all": sequences})


async def counted(database: Database) -> list[int]:
    async with database.transaction() as session:
        return list(await session.scalars(text("SELECT sequence FROM counted ORDER BY ctid")))


async def test_applies_each_event_once_to_a_projection_that_fails(database: Database, url: str, pubsub: PubSub) -> None:
    await create_counts(database)
    failures = 3

    async def apply(session: AsyncSession, events: Sequence[RecordedEvent]) -> None:
        nonlocal failures
        await count_events(session, events)
        if failures:
            failures -= 1
            raise RuntimeError("as told")

    await write(database, events=10)
    await sequence(url)
    async with running("It", dispatcher(database, pubsub, Projection(name="p", apply=apply)).run):

        async def is_done() -> bool:
            return await place(database, "p") == 10

        await until(is_done)
    assert await counted(database) == list(range(1, 11))


async def test_applies_each_event_once_while_leaders_are_cut_off(database: Database, url: str, pubsub: PubSub) -> None:
    await create_counts(database)
    other = Database(url=url)
    projection = Projection(name="p", apply=count_events)
    cut = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'tradepost leader'"
    )
    async with (
        running("One", dispatcher(database, pubsub, projection, batch_size=1).run),
        running("The other", dispatcher(other, pubsub, projection, batch_size=1).run),
    ):
        for _ in range(10):
            await write(database, events=10)
            await sequence(url)
            async with database.transaction() as session:
                await session.execute(cut)

        async def is_done() -> bool:
            return await place(database, "p") == 100

        await until(is_done)
    assert await counted(database) == list(range(1, 101))
    await other.close()


async def test_lets_one_dispatcher_work_at_a_time(database: Database, url: str, pubsub: PubSub) -> None:
    notebook = Notebook()
    consumer = Consumer(name="a", handle=notebook.handle)
    other = Database(url=url)
    async with (
        running("One", dispatcher(database, pubsub, consumer).run),
        running("The other", dispatcher(other, pubsub, consumer).run),
    ):
        await write(database, events=20)
        await sequence(url)

        async def is_done() -> bool:
            return await place(database, "a") == 20

        await until(is_done)
    assert notebook.seen == list(range(1, 21))
    await other.close()


async def test_is_rebuilt_from_the_beginning_while_it_works(database: Database, url: str, pubsub: PubSub) -> None:
    await create_counts(database)
    entered, may_go_on = asyncio.Event(), asyncio.Event()

    async def apply(session: AsyncSession, events: Sequence[RecordedEvent]) -> None:
        await count_events(session, events)
        if events[0].sequence == 4:
            entered.set()
            await may_go_on.wait()

    await write(database, events=7)
    await sequence(url)
    async with running("It", dispatcher(database, pubsub, Projection(name="p", apply=apply)).run):

        async def clear() -> None:
            async with database.transaction() as session:
                await rebuild(session, name="p")
                await session.execute(text("DELETE FROM counted"))

        await entered.wait()
        rebuilding = asyncio.create_task(clear())
        may_go_on.set()
        await rebuilding

        async def is_done() -> bool:
            return await place(database, "p") == 7

        await until(is_done)
    assert await counted(database) == list(range(1, 8))


async def test_does_not_count_what_was_handled_during_a_rebuild(database: Database, url: str, pubsub: PubSub) -> None:
    entered, may_go_on = asyncio.Event(), asyncio.Event()
    seen: list[int] = []

    async def handle(events: Sequence[RecordedEvent]) -> None:
        seen.extend(event.sequence for event in events)
        if seen == [1, 2, 3, 4, 5, 6]:
            entered.set()
            await may_go_on.wait()

    await write(database, events=6)
    await sequence(url)
    async with running("It", dispatcher(database, pubsub, Consumer(name="a", handle=handle)).run):
        await entered.wait()
        async with database.transaction() as session:
            await rebuild(session, name="a")
        may_go_on.set()

        async def is_done() -> bool:
            return await place(database, "a") == 6

        await until(is_done)
    assert seen == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]
