"""From events to jobs: the consumer that walks the table of reactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.events.consumers import Consumer
from app.events.log import RecordedEvent
from app.ports.job_queue import JobQueue
from app.reactions.table import REACTIONS, Reaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A job as it goes into the queue."""

    job_id: str
    name: str
    arguments: dict[str, Any]


def plan_jobs(events: Sequence[RecordedEvent], *, reactions: Sequence[Reaction] = REACTIONS) -> Iterator[PlannedJob]:
    """The jobs that a batch of events calls for.

    The same batch gives the same ids, so that a batch that is handled again adds nothing. An id names the whole range
    of sequences, since a batch that grew in between has other arguments; and the epoch, since a restore gives the same
    sequences to other events.
    """
    if not events:
        return
    batch = f"{events[-1].epoch.hex}:{events[0].sequence}-{events[-1].sequence}"
    for reaction in reactions:
        types = {(cls.type, cls.schema_version) for cls in reaction.when}
        matching = [recorded.event for recorded in events if (recorded.type, recorded.schema_version) in types]
        if not matching:
            continue
        for number, arguments in enumerate(reaction.arguments(matching)):
            job_id = f"{reaction.name}:{batch}:{number}"
            yield PlannedJob(job_id=job_id, name=reaction.job, arguments=dict(arguments))


async def enqueue_jobs(job_queue: JobQueue, events: Sequence[RecordedEvent]) -> None:
    """Put the jobs of a batch into the queue."""
    for job in plan_jobs(events):
        await job_queue.enqueue(name=job.name, arguments=job.arguments, job_id=job.job_id)


def make_consumer(job_queue: JobQueue) -> Consumer:
    """The consumer ``reactions``."""
    return Consumer(name="reactions", handle=partial(enqueue_jobs, job_queue))
