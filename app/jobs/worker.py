"""The worker process: jobs, sequencer and consumers side by side, each started again by itself after an outage."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from opentelemetry import trace

from app.events.consumers import Dispatcher
from app.events.metrics import keep_measuring
from app.events.sequencer import Sequencer
from app.events.supervision import Work, keep_running
from app.jobs.context import Application, Job, JobContext
from app.jobs.registry import JOBS
from app.jobs.sweeper import keep_sweeping
from app.ports.job_queue import JobRun
from app.reactions.consumer import make_consumer

_TRACER = trace.get_tracer("tradepost.jobs")


class UnknownJob(Exception):
    """A job in the queue that this release doesn't have; it stays there for one that does."""


async def run_worker(application: Application, *, jobs: Mapping[str, Job] = JOBS, handle_signals: bool = True) -> None:
    """Work until cancelled, or until SIGTERM or SIGINT unless ``handle_signals`` is off.

    Jobs that run then get a few seconds to end. Several workers may run: they share the jobs, and stand in for one
    another as sequencer and dispatchers.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(keep_running(what=what, work=work), name=what)
            for what, work in _list_works(application, jobs).items()
        ]
        if handle_signals:
            with _stop_on_signals(tasks):
                await asyncio.wait(tasks)


def _list_works(application: Application, jobs: Mapping[str, Job]) -> dict[str, Work]:
    database, pubsub, job_queue = application.database, application.pubsub, application.job_queue

    async def run_job(run: JobRun) -> None:
        job = jobs.get(run.name)
        if job is None:
            raise UnknownJob(f"This release has no job {run.name!r}.")
        with _TRACER.start_as_current_span(run.name, attributes={"tradepost.job.attempt": run.attempt}):
            context = JobContext(application=application, job_id=run.job_id, attempt=run.attempt)
            await job(context, run.arguments)

    async def work_on_jobs(be_well: Callable[[], None]) -> None:
        await job_queue.work(run=run_job, on_ready=be_well)

    async def measure(be_well: Callable[[], None]) -> None:
        await keep_measuring(database, be_well=be_well)

    async def sweep(be_well: Callable[[], None]) -> None:
        await keep_sweeping(database, be_well=be_well)

    reactions = Dispatcher(database=database, pubsub=pubsub, consumer=make_consumer(job_queue))
    return {
        "The sequencer": Sequencer(database=database, pubsub=pubsub).run,
        "The consumer 'reactions'": reactions.run,
        "The job worker": work_on_jobs,
        "Measuring the log": measure,
        "The sweeper": sweep,
    }


@contextmanager
def _stop_on_signals(tasks: list[asyncio.Task[None]]) -> Iterator[None]:
    def stop() -> None:
        for task in tasks:
            task.cancel()

    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    # Windows has no such handlers; there, Ctrl-C cancels the main task.
    with suppress(NotImplementedError):
        for number in signals:
            loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        with suppress(NotImplementedError):
            for number in signals:
                loop.remove_signal_handler(number)
