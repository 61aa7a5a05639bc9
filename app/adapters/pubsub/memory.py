"""Messages within one process, for tests and for tools that run alone."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MemoryPubSub:
    """A `PubSub` whose listeners live in the same event loop."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[asyncio.Queue[str]]] = defaultdict(set)

    async def publish(self, *, channel: str, message: str) -> None:
        """Hand the message to each listener."""
        for queue in self._listeners[channel]:
            queue.put_nowait(message)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        """Listen on a queue of one's own."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._listeners[channel].add(queue)
        try:
            yield _messages(queue)
        finally:
            self._listeners[channel].discard(queue)

    async def close(self) -> None:
        """Nothing is held."""


async def _messages(queue: asyncio.Queue[str]) -> AsyncIterator[str]:
    while True:
        yield await queue.get()
