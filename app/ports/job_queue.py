"""Work that is done later, by whichever worker is free: at least once, so jobs must bear being repeated."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

MOST_ATTEMPTS = 20
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 600.0


class JobQueueUnavailable(Exception):
    """The queue can't be reached now; nothing was queued, or it can't be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One attempt at a job; ``attempt`` counts from 1."""

    job_id: str
    name: str
    arguments: Mapping[str, Any]
    attempt: int


RunJob = Callable[[JobRun], Awaitable[None]]


def wait_before_retry(attempt: int) -> float:
    """Seconds to wait after this failed attempt: doubled each time up to ten minutes, spread by a quarter.

    All attempts together take about two hours, long enough for someone to mend what is broken.
    """
    seconds = min(_FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1), _LONGEST_WAIT_SECONDS)
    return seconds * random.uniform(0.75, 1.25)


class JobQueue(Protocol):
    """Keeps jobs until they are done: a job that raises is tried again, `MOST_ATTEMPTS` times at most."""

    async def enqueue(self, *, name: str, arguments: Mapping[str, Any], job_id: str) -> None:
        """Add a job with JSON arguments, unless one with this id is queued, runs, or was done within the last hour.

        Raises `JobQueueUnavailable`.
        """
        ...

    async def work(self, *, run: RunJob, on_ready: Callable[[], None]) -> None:
        """Hand jobs to ``run`` until cancelled; ``on_ready`` is called when the queue is reached.

        When cancelled, no job is begun any more, those that run get a few seconds to end, and the rest go back into the
        queue. Raises `JobQueueUnavailable`.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
