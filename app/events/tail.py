"""The end of the log, live, for the subscriptions of one server process.

One reader per process follows the log and keeps its last events in memory; any number of subscribers take them from
there, each at its own pace. One that comes from further back, or falls behind, reads the table until it has caught up:
sequences have no gaps, so the place where both meet is exact, and memory is bounded whatever the subscribers do.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager

from app.database import DatabaseUnavailable, Reader
from app.events.log import CursorLost, EventCursor, RecordedEvent, read, read_state
from app.events.supervision import keep_running
from app.events.wakeups import EVENTS_CHANNEL, LOOK_SECONDS, wakeups
from app.ports.pubsub import PubSub


class EventTail:
    """Where subscriptions get events from. No statement runs while there are no subscribers."""

    def __init__(self, *, database: Reader, pubsub: PubSub, kept_events: int = 1000, batch_size: int = 200) -> None:
        self._database = database
        self._pubsub = pubsub
        self._kept_events = kept_events
        self._batch_size = batch_size
        self._feed: _Feed | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def subscribe(
        self, *, after: EventCursor | None = None, types: Collection[str] | None = None
    ) -> AsyncIterator[AsyncIterator[RecordedEvent]]:
        """Follow the log during the block: all events after the cursor, or from now on, without gap or repetition.

        ``types`` are wire names; None means all. Entering raises `CursorLost` for a cursor that isn't of this log and
        `DatabaseUnavailable`. Later outages are waited for; `CursorLost` is raised when one ends with a restore that
        took back events.
        """
        state = await read_state(self._database, cursor=after)
        if after is not None and not state.holds_cursor:
            raise CursorLost("The event isn't in this log any more: read everything anew.")
        feed = self._enter(state.head)
        position = state.head.sequence if after is None else after.sequence
        try:
            yield feed.follow(position, types=None if types is None else frozenset(types))
        finally:
            self._leave(feed)

    @property
    def subscribers(self) -> int:
        """How many follow the log now."""
        return 0 if self._feed is None else self._feed.subscribers

    def _enter(self, head: EventCursor) -> _Feed:
        if self._feed is None or self._feed.is_lost:
            self._feed = _Feed(
                database=self._database,
                pubsub=self._pubsub,
                head=head,
                kept_events=self._kept_events,
                batch_size=self._batch_size,
            )
        self._feed.subscribers += 1
        return self._feed

    def _leave(self, feed: _Feed) -> None:
        feed.subscribers -= 1
        if not feed.subscribers:
            self._end(feed)

    def _end(self, feed: _Feed) -> None:
        feed.reader.cancel()
        self._ending.add(feed.reader)
        feed.reader.add_done_callback(self._ending.discard)
        if self._feed is feed:
            self._feed = None

    async def close(self) -> None:
        """End the reader and wait for it; to be called when no subscribers are left, before the pools are closed."""
        if self._feed is not None:
            self._end(self._feed)
        await asyncio.gather(*self._ending, return_exceptions=True)


class _Feed:
    """One reader and what it has read, for as long as there are subscribers."""

    def __init__(
        self, *, database: Reader, pubsub: PubSub, head: EventCursor, kept_events: int, batch_size: int
    ) -> None:
        self._database = database
        self._pubsub = pubsub
        self._head = head
        self._batch_size = batch_size
        self._recent: deque[RecordedEvent] = deque(maxlen=kept_events)
        self._grown = asyncio.Event()
        self.subscribers = 0
        self.is_lost = False
        self.reader = asyncio.create_task(keep_running(what="The tail of the log", work=self._read_on))

    async def _read_on(self, be_well: Callable[[], None]) -> None:
        async with wakeups(self._pubsub, channel=EVENTS_CHANNEL) as waiting:
            while True:
                state = await read_state(self._database, cursor=self._head)
                if not state.holds_cursor:
                    self.is_lost = True
                    return self._wake_followers()
                behind = state.head.sequence > self._head.sequence
                if behind:
                    self._take(await read(self._database, after_sequence=self._head.sequence, limit=self._batch_size))
                be_well()
                if not behind:
                    await waiting.wait()

    def _take(self, events: Sequence[RecordedEvent]) -> None:
        self._recent.extend(events)
        self._head = events[-1].cursor
        self._wake_followers()

    def _wake_followers(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def follow(self, position: int, *, types: frozenset[str] | None) -> AsyncIterator[RecordedEvent]:
        """All events after ``position``, without end."""
        while True:
            for event in await self._after(position):
                position = event.sequence
                if types is None or event.type in types:
                    yield event

    async def _after(self, position: int) -> Sequence[RecordedEvent]:
        """Some events that follow ``position``, from memory or from the table; waits until there are any."""
        while True:
            if self.is_lost:
                raise CursorLost("A restore took back events that were sent: read everything anew.")
            behind = self._head.sequence - position
            if 0 < behind <= len(self._recent):
                newest = min(self._batch_size, behind)
                return [self._recent[index] for index in range(-behind, newest - behind)]
            if behind > 0 and (events := await self._read_table(position)):
                return events
            if behind <= 0:
                await self._grown.wait()

    async def _read_table(self, position: int) -> Sequence[RecordedEvent]:
        try:
            events = await read(self._database, after_sequence=position, limit=self._batch_size)
        except DatabaseUnavailable:
            events = []
        if not events:
            # An outage, or a restore that the reader is about to notice: it says so in the log.
            await asyncio.sleep(LOOK_SECONDS)
        return events
