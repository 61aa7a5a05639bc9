"""Work that never ends: started again after each failure, with patience, and with one line in the log."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from app.database import DatabaseUnavailable, is_unavailable
from app.ports.job_queue import JobQueueUnavailable
from app.ports.pubsub import PubSubUnavailable

_LOGGER = logging.getLogger(__name__)
_SHORTEST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0

Work = Callable[[Callable[[], None]], Awaitable[None]]
"""Gets a function to call whenever all is well, which ends an outage."""


async def keep_running(*, what: str, work: Work) -> None:
    """Run ``work`` until it returns or is cancelled; ``what`` is its name in the log, at the start of a sentence.

    An outage of a server is one warning at its beginning and one when it is over; anything else that is raised is a
    fault of ours, and is logged each time.
    """
    failures = 0

    def be_well() -> None:
        nonlocal failures
        if failures:
            _LOGGER.warning("%s works again.", what)
            failures = 0

    while True:
        try:
            return await work(be_well)
        except Exception as error:
            failures += 1
            if not _is_outage(error):
                _LOGGER.exception("%s failed and is tried again.", what)
            elif failures == 1:
                _LOGGER.warning("%s is interrupted and will be tried again: %s", what, error or type(error).__name__)
        longest = min(_SHORTEST_WAIT_SECONDS * 2**failures, _LONGEST_WAIT_SECONDS)
        await asyncio.sleep(longest * random.uniform(0.5, 1))


def _is_outage(error: Exception) -> bool:
    return isinstance(error, DatabaseUnavailable | PubSubUnavailable | JobQueueUnavailable) or is_unavailable(error)
