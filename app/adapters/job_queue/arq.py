"""The job queue on Valkey, by arq.

What goes through Valkey is JSON, never a pickle: whoever could write there could otherwise run code in our workers. All
jobs are one function to arq, which drops a job whose function it doesn't know; ours goes back into the queue, since a
release that knows it may be on its way.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from arq import Retry
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from app.ports.job_queue import MOST_ATTEMPTS, JobQueueUnavailable, JobRun, RunJob, wait_before_retry

_LOGGER = logging.getLogger(__name__)
# At its info level arq writes the arguments of jobs to the log, where they don't belong.
logging.getLogger("arq.worker").setLevel(logging.WARNING)

_QUEUE = "tradepost:jobs"
_FUNCTION = "job"
_CONNECT_SECONDS = 2.0
_REPLY_SECONDS = 5.0
# Where the system has these options: a first probe after 5 seconds of silence, then every 2, and 10 seconds at most for
# what was sent to be acknowledged.
_KEEPALIVE = {
    getattr(socket, name): value
    for name, value in {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}.items()
    if hasattr(socket, name)
}
_POLL_SECONDS = 0.2
_LONGEST_RUN_SECONDS = 120
_KEEP_DONE_SECONDS = 3600
_KEEP_WAITING_MILLISECONDS = 7 * 24 * 3600 * 1000
_JOBS_AT_ONCE = 10
_GRACE_SECONDS = 10.0


def _to_json(value: Any) -> bytes:
    # Results may hold an exception; its kind is enough, its text may hold data.
    return orjson.dumps(value, default=lambda other: type(other).__name__)


class ArqJobQueue:
    """A `JobQueue` that all processes of a shop share."""

    def __init__(
        self,
        *,
        url: str,
        retry_seconds: Callable[[int], float] = wait_before_retry,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        self._url = url
        self._retry_seconds = retry_seconds
        self._grace_seconds = grace_seconds
        self._client = self._connect()

    def _connect(self) -> ArqRedis:
        return ArqRedis(
            # No socket_timeout: before Python 3.12 redis-py would send by an asyncio.wait_for that may swallow a
            # cancellation, and the worker would never end. A silent network is noticed by the operating system.
            ConnectionPool.from_url(self._url, socket_connect_timeout=_CONNECT_SECONDS, **self._keepalive()),
            job_serializer=_to_json,
            job_deserializer=orjson.loads,
            default_queue_name=_QUEUE,
            expires_extra_ms=_KEEP_WAITING_MILLISECONDS,
        )

    def _keepalive(self) -> dict[str, Any]:
        # A unix socket needs none, and its connection class refuses the arguments.
        over_network = not self._url.startswith("unix:")
        return {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE} if over_network else {}

    async def enqueue(self, *, name: str, arguments: Mapping[str, Any], job_id: str) -> None:
        """Add the job, unless arq knows its id."""
        try:
            async with asyncio.timeout(_REPLY_SECONDS):
                await self._client.enqueue_job(_FUNCTION, name, dict(arguments), _job_id=job_id)
        except (RedisError, OSError) as error:
            raise JobQueueUnavailable(str(error)) from error

    async def work(self, *, run: RunJob, on_ready: Callable[[], None]) -> None:
        """Run an arq worker with a connection pool of its own."""
        client = self._connect()
        worker = self._make_worker(client, run, on_ready)
        polling = asyncio.create_task(worker.main())
        try:
            await asyncio.wait([polling])
            polling.result()
        except (RedisError, OSError) as error:
            raise JobQueueUnavailable(str(error)) from error
        finally:
            await self._finish(worker, polling)
            await client.aclose(close_connection_pool=True)

    def _make_worker(self, client: ArqRedis, run: RunJob, on_ready: Callable[[], None]) -> Worker:
        async def attempt(ctx: dict[Any, Any], *args: Any, **_: Any) -> None:
            name, arguments = args
            await self._attempt(
                JobRun(job_id=ctx["job_id"], name=name, arguments=arguments, attempt=ctx["job_try"]), run
            )

        async def start(ctx: dict[Any, Any]) -> None:
            on_ready()

        return Worker(
            functions=[func(attempt, name=_FUNCTION)],
            redis_pool=client,
            queue_name=_QUEUE,
            on_startup=start,
            handle_signals=False,
            max_jobs=_JOBS_AT_ONCE,
            # Attempts and time are counted in `_attempt`: at limits of its own, arq drops the job.
            max_tries=MOST_ATTEMPTS * 1000,
            job_timeout=_LONGEST_RUN_SECONDS + 10,
            keep_result=_KEEP_DONE_SECONDS,
            poll_delay=_POLL_SECONDS,
            job_serializer=_to_json,
            job_deserializer=orjson.loads,
            expires_extra_ms=_KEEP_WAITING_MILLISECONDS,
            log_results=False,
        )

    async def _attempt(self, job: JobRun, run: RunJob) -> None:
        # A job that takes its worker down with it never gets to the except below; it is counted here.
        if job.attempt > MOST_ATTEMPTS:
            _LOGGER.error("Job %s (%s) is given up: its worker never came back.", job.name, job.job_id)
            return
        try:
            async with asyncio.timeout(_LONGEST_RUN_SECONDS):
                await run(job)
        except Exception as error:
            if job.attempt == MOST_ATTEMPTS:
                _LOGGER.exception("Job %s (%s) is given up after %d attempts.", job.name, job.job_id, job.attempt)
                return
            _LOGGER.warning("Job %s (%s) failed and is tried again.", job.name, job.job_id, exc_info=True)
            raise Retry(defer=self._retry_seconds(job.attempt)) from error

    async def _finish(self, worker: Worker, polling: asyncio.Task[None]) -> None:
        """Let the running jobs end; those that don't are cancelled, which puts them back into the queue."""
        worker.allow_pick_jobs = False
        # Cancelled in the midst of picking jobs, arq would leave a connection behind; soon it does nothing but sleep.
        await asyncio.wait([polling], timeout=2 * _POLL_SECONDS)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        tasks = list(worker.tasks.values())
        if tasks:
            _, unfinished = await asyncio.wait(tasks, timeout=self._grace_seconds)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose(close_connection_pool=True)
