"""Short messages to whoever listens now: a hint that there is something to look at, never the thing itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class PubSubUnavailable(Exception):
    """The messenger can't be reached now, or went away; messages in between are lost."""


class PubSub(Protocol):
    """Delivers at most once: receivers must look at the source of truth by themselves now and then."""

    async def publish(self, *, channel: str, message: str) -> None:
        """Send a short text to all who listen on ``channel`` now; raises `PubSubUnavailable`."""
        ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """Listen from the moment when the block is entered; both entering and iterating raise `PubSubUnavailable`."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
