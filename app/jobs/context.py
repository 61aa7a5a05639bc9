"""What a job is, and what it is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.database import Database
from app.ports.job_queue import JobQueue
from app.ports.pubsub import PubSub


class Application(Protocol):
    """What workers need of the application that `bootstrap` builds."""

    @property
    def database(self) -> Database:
        """PostgreSQL."""
        ...

    @property
    def pubsub(self) -> PubSub:
        """Short messages to whoever listens."""
        ...

    @property
    def job_queue(self) -> JobQueue:
        """Work for later."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """What a job is given beside its arguments; ``attempt`` counts from 1."""

    application: Application
    job_id: str
    attempt: int


Job = Callable[[JobContext, Mapping[str, Any]], Awaitable[None]]
"""Does the work, and bears being done again with the same arguments. What it raises has it tried again later."""
