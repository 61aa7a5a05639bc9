"""Hints that there is something to do, so that nobody has to look often: a look each second makes up for a lost one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from app.events.supervision import keep_running
from app.ports.pubsub import PubSub, PubSubUnavailable

WAKE_CHANNEL = "wake"
"""Writers → sequencer: something was appended."""
EVENTS_CHANNEL = "events"
"""Sequencer → readers: the new last sequence."""
LOOK_SECONDS = 1.0
"""How long one may sleep without a hint."""

_LOGGER = logging.getLogger(__name__)
_LONGEST_HINT_SECONDS = 0.2


async def wake(pubsub: PubSub) -> None:
    """Tell the sequencer, after a commit, that there are events; never fails, and takes a fifth of a second at most."""
    await hint(pubsub, channel=WAKE_CHANNEL)


async def hint(pubsub: PubSub, *, channel: str, message: str = "") -> None:
    """Publish if that is possible: the receivers look by themselves anyway."""
    try:
        async with asyncio.timeout(_LONGEST_HINT_SECONDS):
            await pubsub.publish(channel=channel, message=message)
    except (PubSubUnavailable, TimeoutError) as error:
        _LOGGER.debug("No hint on %s: %s", channel, error)


class Wakeups:
    """Waits for hints. One that comes while its reader is busy counts for the next wait."""

    def __init__(self) -> None:
        self._hinted = asyncio.Event()

    async def wait(self) -> None:
        """Return at a hint, or after `LOOK_SECONDS`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._hinted.wait()
        self._hinted.clear()

    def arrive(self) -> None:
        """Note a hint."""
        self._hinted.set()


@asynccontextmanager
async def wakeups(pubsub: PubSub, *, channel: str) -> AsyncIterator[Wakeups]:
    """Listen on ``channel`` during the block, through outages of the messenger."""
    waiting = Wakeups()

    async def listen(be_well: Callable[[], None]) -> None:
        async with pubsub.subscribe(channel) as messages:
            be_well()
            # What was sent before we listened is lost, so this is a hint as well.
            waiting.arrive()
            async for _ in messages:
                waiting.arrive()

    task = asyncio.create_task(keep_running(what=f"Listening on the channel {channel!r}", work=listen))
    try:
        yield waiting
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
