"""A job queue within one process, for tests and for tools that run alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from app.ports.job_queue import MOST_ATTEMPTS, JobRun, RunJob, wait_before_retry

_LOGGER = logging.getLogger(__name__)
_GRACE_SECONDS = 10.0


class MemoryJobQueue:
    """A `JobQueue` that forgets everything with its process."""

    def __init__(
        self, *, retry_seconds: Callable[[int], float] = wait_before_retry, grace_seconds: float = _GRACE_SECONDS
    ) -> None:
        self._retry_seconds = retry_seconds
        self._grace_seconds = grace_seconds
        self._known: set[str] = set()
        self._waiting: asyncio.Queue[JobRun] = asyncio.Queue()

    async def enqueue(self, *, name: str, arguments: Mapping[str, Any], job_id: str) -> None:
        """Add the job once; the arguments pass through JSON, as they would on their way to another process."""
        decoded = orjson.loads(orjson.dumps(arguments))
        if job_id not in self._known:
            self._known.add(job_id)
            self._waiting.put_nowait(JobRun(job_id=job_id, name=name, arguments=decoded, attempt=1))

    async def work(self, *, run: RunJob, on_ready: Callable[[], None]) -> None:
        """Run each job in a task of its own."""
        running: set[asyncio.Task[None]] = set()
        on_ready()
        try:
            while True:
                job = await self._waiting.get()
                task = asyncio.create_task(self._attempt(job, run))
                running.add(task)
                task.add_done_callback(running.discard)
        finally:
            if running:
                _, unfinished = await asyncio.wait(running, timeout=self._grace_seconds)
                for task in unfinished:
                    task.cancel()
                await asyncio.gather(*unfinished, return_exceptions=True)

    async def _attempt(self, job: JobRun, run: RunJob) -> None:
        again = JobRun(job_id=job.job_id, name=job.name, arguments=job.arguments, attempt=job.attempt + 1)
        try:
            await run(job)
        except asyncio.CancelledError:
            self._waiting.put_nowait(again)
            raise
        except Exception:
            if job.attempt >= MOST_ATTEMPTS:
                _LOGGER.exception("Job %s (%s) is given up after %d attempts.", job.name, job.job_id, job.attempt)
                return
            seconds = self._retry_seconds(job.attempt)
            _LOGGER.warning("Job %s (%s) failed and is tried again.", job.name, job.job_id, exc_info=True)
            asyncio.get_running_loop().call_later(seconds, self._waiting.put_nowait, again)

    async def close(self) -> None:
        """Nothing is held."""
