"""Consumers: each follows the log at its own pace, from a place that is kept in the database.

A `Consumer` does something outside of PostgreSQL, and may be given a batch again after a crash. A `Projection` writes
to the database in the transaction that moves its place, and so takes in each event exactly once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from app.events.leadership import leadership
from app.events.log import RecordedEvent, read
from app.events.wakeups import EVENTS_CHANNEL, wakeups
from app.models.events import EventConsumer
from app.ports.pubsub import PubSub

if TYPE_CHECKING:
    from app.events.leadership import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Handles each event at least once, in order. What ``handle`` raises brings the same batch again."""

    name: str
    handle: Callable[[Sequence[RecordedEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Applies each event exactly once, in order, in the given session's transaction."""

    name: str
    apply: Callable[[AsyncSession, Sequence[RecordedEvent]], Awaitable[None]]


class _PlaceMoved(Exception):
    """Somebody else set the place meanwhile, such as `rebuild`; what was done for the old one doesn't count."""


async def rebuild(session: AsyncSession, *, name: str) -> None:
    """Let a consumer begin anew; a projection's tables must be emptied in the same transaction."""
    await session.execute(update(EventConsumer).where(EventConsumer.name == name).values(sequence=0))


async def _advance(session: AsyncSession, *, name: str, after: int, to: int) -> None:
    moved = await session.execute(
        update(EventConsumer)
        .where(EventConsumer.name == name, EventConsumer.sequence == after)
        .values(sequence=to, updated_at=func.clock_timestamp())
        .returning(EventConsumer.name)
    )
    if moved.first() is None:
        raise _PlaceMoved


_REGISTER = "INSERT INTO event_consumers (name) VALUES ($1) ON CONFLICT DO NOTHING"
_PLACE = """
    SELECT sequence, (SELECT coalesce(max(sequence), 0) FROM event_sequence) AS head
    FROM event_consumers
    WHERE name = $1
"""


class Dispatcher:
    """Brings the log to one consumer; runs in every worker process, and one of them leads."""

    def __init__(
        self, *, database: Database, pubsub: PubSub, consumer: Consumer | Projection, batch_size: int = 500
    ) -> None:
        self._database = database
        self._pubsub = pubsub
        self._consumer = consumer
        self._batch_size = batch_size

    async def run(self, be_well: Callable[[], None]) -> None:
        """Dispatch, or stand by, until cancelled; raises what the consumer raises (see `keep_running`)."""
        async with (
            leadership(self._database, role=f"consumer {self._consumer.name}") as connection,
            wakeups(self._pubsub, channel=EVENTS_CHANNEL) as waiting,
        ):
            await connection.execute(_REGISTER, self._consumer.name)
            while True:
                behind = await self._step(connection)
                be_well()
                if not behind:
                    await waiting.wait()

    async def _step(self, connection: Connection) -> bool:
        """Take one batch; returns whether there may be more."""
        # Asked over the leader's connection: whoever has lost it isn't the leader any more and stops here.
        place = await connection.fetchrow(_PLACE, self._consumer.name)
        if place is None or place["sequence"] >= place["head"]:
            return False
        events = await read(self._database, after_sequence=place["sequence"], limit=self._batch_size)
        with suppress(_PlaceMoved):
            await self._hand_over(events, after=place["sequence"])
        return True

    async def _hand_over(self, events: Sequence[RecordedEvent], *, after: int) -> None:
        to = events[-1].sequence
        if isinstance(self._consumer, Consumer):
            await self._consumer.handle(events)
            async with self._database.transaction() as session:
                await _advance(session, name=self._consumer.name, after=after, to=to)
        else:
            async with self._database.transaction() as session:
                # First, since it locks the row: a second dispatcher waits here, and then finds the place moved.
                await _advance(session, name=self._consumer.name, after=after, to=to)
                await self._consumer.apply(session, events)
