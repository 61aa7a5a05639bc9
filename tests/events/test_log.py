"""The log as its writers see it."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database import Database
from app.events.log import EventCursor, StaleStream, append, append_many
from app.events.types import ProductCreated, ProductDeleted, ProductUpdated

PRODUCT = UUID(int=1)
CREATED = ProductCreated(product_id=PRODUCT)
UPDATED = ProductUpdated(product_id=PRODUCT, changed=("title",))


async def stored(database: Database) -> list[tuple[str, int, str]]:
    async with database.transaction() as session:
        rows = await session.execute(text("SELECT stream, version, type FROM events ORDER BY position"))
        return [tuple(row) for row in rows]


async def test_appends_events_in_their_order(database: Database) -> None:
    async with database.transaction() as session:
        version = await append(session, stream="a", after_version=0, events=[CREATED, UPDATED], metadata={"by": "me"})
    async with database.transaction() as session:
        version = await append(session, stream="a", after_version=version, events=[UPDATED], metadata={})
    assert version == 3
    assert await stored(database) == [
        ("a", 1, "catalog.product.created"),
        ("a", 2, "catalog.product.updated"),
        ("a", 3, "catalog.product.updated"),
    ]


async def test_appends_to_many_streams_in_the_given_order(database: Database) -> None:
    streams = [(f"stream-{number * 7919 % 1000}", 0, [CREATED, UPDATED]) for number in range(1000)]
    async with database.transaction() as session:
        await append_many(session, streams=streams, metadata={})
    expected = [(name, version) for name, _, _ in streams for version in (1, 2)]
    assert [(stream, version) for stream, version, _ in await stored(database)] == expected


async def test_appends_nothing_for_no_events(database: Database) -> None:
    async with database.transaction() as session:
        assert await append(session, stream="a", after_version=4, events=[], metadata={}) == 4
    assert await stored(database) == []


async def test_refuses_a_version_that_is_taken(database: Database) -> None:
    async with database.transaction() as session:
        await append(session, stream="a", after_version=0, events=[CREATED], metadata={})
    with pytest.raises(StaleStream):
        async with database.transaction() as session:
            await append(session, stream="a", after_version=0, events=[CREATED], metadata={})
    assert len(await stored(database)) == 1


async def test_lets_one_of_two_writers_win(database: Database) -> None:
    both_began = asyncio.Barrier(2)

    async def write() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
            await both_began.wait()
            await append(session, stream="a", after_version=0, events=[CREATED], metadata={})

    outcomes = await asyncio.gather(write(), write(), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "StaleStream"]
    assert len(await stored(database)) == 1


async def test_leaves_nothing_of_a_transaction_that_failed(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await append(session, stream="a", after_version=0, events=[CREATED], metadata={})
            raise ZeroDivisionError
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM event_inbox")) == 0
    assert await stored(database) == []


@pytest.mark.parametrize("statement", ["UPDATE events SET type = 'x'", "DELETE FROM events", "TRUNCATE events CASCADE"])
async def test_refuses_to_change_what_is_recorded(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await append(session, stream="a", after_version=0, events=[ProductDeleted(product_id=PRODUCT)], metadata={})
    with pytest.raises(DBAPIError, match="appended, never changed"):
        async with database.transaction() as session:
            await session.execute(text(statement))
    assert len(await stored(database)) == 1


def test_writes_a_cursor_as_text_and_back() -> None:
    cursor = EventCursor(UUID(int=2**100), 12)
    assert EventCursor.from_text(cursor.to_text()) == cursor


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "0.1",
        f"{UUID(int=1).hex}.",
        f"{UUID(int=1).hex}.-1",
        f"{'z' * 32}.1",
        f"{UUID(int=1).hex}.{'9' * 19}",
        f"{UUID(int=1).hex}.²",
    ],
)
def test_refuses_text_that_is_no_cursor(value: str) -> None:
    with pytest.raises(ValueError):
        EventCursor.from_text(value)
