"""What every `JobQueue` must do, shown on each adapter."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from app.adapters.job_queue.arq import ArqJobQueue
from app.adapters.job_queue.memory import MemoryJobQueue
from app.embedded.valkey import EmbeddedValkey
from app.ports.job_queue import MOST_ATTEMPTS, JobQueue, JobQueueUnavailable, JobRun, RunJob, wait_before_retry

DEADLINE_SECONDS = 20.0


@pytest.fixture(params=["memory", "arq"])
async def queue(request: pytest.FixtureRequest) -> AsyncIterator[JobQueue]:
    adapter: JobQueue
    if request.param == "memory":
        adapter = MemoryJobQueue(retry_seconds=lambda _: 0.01, grace_seconds=0.5)
    else:
        valkey: EmbeddedValkey = request.getfixturevalue("valkey")
        await empty(valkey)
        adapter = ArqJobQueue(url=valkey.url, retry_seconds=lambda _: 0.01, grace_seconds=0.5)
    yield adapter
    await adapter.close()


async def empty(valkey: EmbeddedValkey) -> None:
    async with Redis.from_url(valkey.url) as client:
        await client.flushdb()


@asynccontextmanager
async def working(queue: JobQueue, run: RunJob) -> AsyncIterator[None]:
    ready = asyncio.Event()
    task = asyncio.create_task(queue.work(run=run, on_ready=ready.set))
    try:
        await asyncio.wait_for(ready.wait(), DEADLINE_SECONDS)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


async def test_runs_jobs_that_were_queued_before_and_while_it_works(queue: JobQueue) -> None:
    runs: list[JobRun] = []

    async def run(job: JobRun) -> None:
        runs.append(job)

    arguments = {"ids": ["a", "b"], "nested": {"number": 1.5, "none": None}}
    await queue.enqueue(name="before", arguments=arguments, job_id="1")
    async with working(queue, run):
        await queue.enqueue(name="while", arguments={}, job_id="2")
        await until(lambda: len(runs) == 2)
    assert sorted(runs, key=lambda job: job.job_id) == [
        JobRun(job_id="1", name="before", arguments=arguments, attempt=1),
        JobRun(job_id="2", name="while", arguments={}, attempt=1),
    ]


async def test_takes_an_id_once(queue: JobQueue) -> None:
    runs: list[str] = []

    async def run(job: JobRun) -> None:
        runs.append(job.job_id)

    for _ in range(3):
        await queue.enqueue(name="x", arguments={}, job_id="same")
    async with working(queue, run):
        await until(lambda: runs == ["same"])
        await queue.enqueue(name="x", arguments={}, job_id="same")
        await queue.enqueue(name="x", arguments={}, job_id="last")
        await until(lambda: "last" in runs)
    assert runs == ["same", "last"]


async def test_tries_again_what_fails(queue: JobQueue) -> None:
    attempts: list[int] = []

    async def run(job: JobRun) -> None:
        attempts.append(job.attempt)
        if job.attempt < 4:
            raise RuntimeError("not yet")

    async with working(queue, run):
        await queue.enqueue(name="x", arguments={}, job_id="1")
        await until(lambda: len(attempts) == 4)
    assert attempts == [1, 2, 3, 4]


async def test_gives_up_after_the_last_attempt(queue: JobQueue, caplog: pytest.LogCaptureFixture) -> None:
    attempts: list[int] = []

    async def run(job: JobRun) -> None:
        attempts.append(job.attempt)
        raise RuntimeError("never")

    async with working(queue, run):
        await queue.enqueue(name="x", arguments={"secret": "hush"}, job_id="1")
        await until(lambda: any(record.levelno == logging.ERROR for record in caplog.records))
    assert attempts == list(range(1, MOST_ATTEMPTS + 1))
    assert "Job x (1) is given up after 20 attempts." in caplog.messages
    assert not any("hush" in message for message in caplog.messages)


async def test_lets_a_running_job_end_when_it_is_stopped(queue: JobQueue) -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def run(job: JobRun) -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    async with working(queue, run):
        await queue.enqueue(name="x", arguments={}, job_id="1")
        await asyncio.wait_for(begun.wait(), DEADLINE_SECONDS)
        asyncio.get_running_loop().call_later(0.1, may_end.set)
    assert ended.is_set()


async def test_puts_back_a_job_that_does_not_end(queue: JobQueue) -> None:
    begun = asyncio.Event()
    attempts: list[int] = []

    async def hang(job: JobRun) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def run(job: JobRun) -> None:
        attempts.append(job.attempt)

    async with working(queue, hang):
        await queue.enqueue(name="x", arguments={}, job_id="1")
        await asyncio.wait_for(begun.wait(), DEADLINE_SECONDS)
    async with working(queue, run):
        await until(lambda: attempts == [2])


async def test_shares_the_jobs_between_workers(queue: JobQueue) -> None:
    runs: list[str] = []

    async def run(job: JobRun) -> None:
        await asyncio.sleep(0)
        runs.append(job.job_id)

    async with working(queue, run), working(queue, run):
        for number in range(60):
            await queue.enqueue(name="x", arguments={}, job_id=str(number))
        await until(lambda: len(runs) >= 60)
    assert sorted(map(int, runs)) == list(range(60))


async def test_writes_json_and_no_pickles(valkey: EmbeddedValkey) -> None:
    await empty(valkey)
    queue = ArqJobQueue(url=valkey.url)
    await queue.enqueue(name="catalog.refresh_listings", arguments={"product_ids": ["a"]}, job_id="1")
    async with Redis.from_url(valkey.url) as client:
        stored = await client.get("arq:job:1")
        assert b'"a":["catalog.refresh_listings",{"product_ids":["a"]}]' in stored
    await queue.close()


async def test_says_that_valkey_is_away_and_keeps_its_jobs(own_valkey: EmbeddedValkey) -> None:
    queue = ArqJobQueue(url=own_valkey.url)
    runs: list[str] = []

    async def run(job: JobRun) -> None:
        runs.append(job.job_id)

    await queue.enqueue(name="x", arguments={}, job_id="1")
    own_valkey.stop()
    with pytest.raises(JobQueueUnavailable):
        await queue.enqueue(name="x", arguments={}, job_id="2")
    with pytest.raises(JobQueueUnavailable):
        await queue.work(run=run, on_ready=lambda: None)
    own_valkey.start()
    async with working(queue, run):
        await until(lambda: runs == ["1"])
    await queue.close()


def test_waits_longer_after_each_failure() -> None:
    waits = [wait_before_retry(attempt) for attempt in range(1, MOST_ATTEMPTS)]
    doubling: Iterator[tuple[float, float]] = itertools.pairwise(waits[:9])
    assert all(earlier < later for earlier, later in doubling)
    assert max(waits) <= 750
    assert 3600 < sum(waits) < 3 * 3600


async def test_is_cancelled_at_any_moment(queue: JobQueue) -> None:
    # A client that swallows one cancellation in a hundred keeps a process from ending, now and then.
    async def run(job: JobRun) -> None:
        await asyncio.sleep(0.01)

    async def work_for(seconds: float) -> None:
        task = asyncio.create_task(queue.work(run=run, on_ready=lambda: None))
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.wait([task], timeout=DEADLINE_SECONDS)
        assert task.done()

    for number in range(200):
        await queue.enqueue(name="x", arguments={}, job_id=str(number))
    for _ in range(3):
        await asyncio.gather(*(work_for(number * 0.005) for number in range(100)))


async def test_reaches_valkey_by_a_unix_socket(valkey: EmbeddedValkey, tmp_path: Path) -> None:
    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
        target.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", valkey.port)
        await asyncio.gather(copy(reader, to_writer), copy(to_reader, writer), return_exceptions=True)

    runs: list[str] = []

    async def run(job: JobRun) -> None:
        runs.append(job.job_id)

    await empty(valkey)
    path = tmp_path / "s"
    async with await asyncio.start_unix_server(forward, path):
        queue = ArqJobQueue(url=f"unix://{path}")
        await queue.enqueue(name="x", arguments={}, job_id="1")
        async with working(queue, run):
            await until(lambda: runs == ["1"])
        await queue.close()
