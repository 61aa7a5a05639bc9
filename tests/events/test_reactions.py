"""From events to jobs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from app.adapters.job_queue.memory import MemoryJobQueue
from app.events.log import RecordedEvent
from app.events.types import Event, ProductCreated, ProductDeleted, ProductUpdated, StockAdjusted, encode
from app.ports.job_queue import JobRun
from app.reactions.consumer import make_consumer, plan_jobs
from app.reactions.table import REACTIONS
from tests.events.following import until

EPOCH = UUID(int=7)
A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


def recorded(events: list[Event], *, first: int = 1, epoch: UUID = EPOCH) -> list[RecordedEvent]:
    return [
        RecordedEvent(
            sequence=sequence,
            epoch=epoch,
            position=sequence,
            stream=event.stream,
            version=1,
            type=event.type,
            schema_version=event.schema_version,
            data=encode(event),
            metadata={},
            recorded_at=datetime.now(UTC),
        )
        for sequence, event in enumerate(events, start=first)
    ]


def unknown(sequence: int) -> RecordedEvent:
    (event,) = recorded([ProductCreated(product_id=A)], first=sequence)
    fields = {name: getattr(event, name) for name in RecordedEvent.__slots__}
    return RecordedEvent(**{**fields, "type": "unknown.to.us"})


def test_refreshes_each_product_once_for_a_batch() -> None:
    stock = StockAdjusted(variant_id=C, product_id=B, warehouse_id=C, delta=1, on_hand=1, reason="count")
    batch = recorded(
        [
            ProductCreated(product_id=A),
            ProductUpdated(product_id=A, changed=("title",)),
            stock,
            ProductDeleted(product_id=A),
        ]
    )
    (job,) = plan_jobs(batch)
    assert job.name == "catalog.refresh_listings"
    assert job.arguments == {"product_ids": [str(A), str(B)]}


def test_splits_large_batches() -> None:
    batch = recorded([ProductCreated(product_id=UUID(int=number)) for number in range(1, 1201)])
    jobs = list(plan_jobs(batch))
    assert [len(job.arguments["product_ids"]) for job in jobs] == [500, 500, 200]
    assert len({job.job_id for job in jobs}) == 3


def test_names_jobs_alike_for_the_same_batch_only() -> None:
    events: list[Event] = [ProductCreated(product_id=A), ProductCreated(product_id=B)]
    (job,) = plan_jobs(recorded(events))
    (same,) = plan_jobs(recorded(events))
    (grown,) = plan_jobs(recorded([*events, ProductCreated(product_id=C)]))
    (later,) = plan_jobs(recorded(events, first=3))
    (restored,) = plan_jobs(recorded(events, epoch=UUID(int=8)))
    assert job == same
    assert len({job.job_id, grown.job_id, later.job_id, restored.job_id}) == 4


def test_leaves_alone_what_nobody_reacts_to() -> None:
    assert list(plan_jobs([unknown(1), unknown(2)])) == []
    assert list(plan_jobs([])) == []


def test_has_a_name_of_its_own_for_each_reaction() -> None:
    names = [reaction.name for reaction in REACTIONS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("when_") for name in names)


async def test_queues_a_batch_that_is_handled_again_once() -> None:
    queue = MemoryJobQueue()
    consumer = make_consumer(queue)
    batch = recorded([ProductCreated(product_id=A)])
    runs: list[JobRun] = []

    async def run(job: JobRun) -> None:
        runs.append(job)

    for _ in range(2):
        await consumer.handle(batch)
    await consumer.handle(recorded([ProductCreated(product_id=B)], first=2))
    task = asyncio.create_task(queue.work(run=run, on_ready=lambda: None))

    async def both_ran() -> bool:
        return {str(A), str(B)} == {id for job in runs for id in job.arguments["product_ids"]}

    await until(both_ran)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(runs) == 2
