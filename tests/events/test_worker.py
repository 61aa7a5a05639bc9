"""The worker as a whole: from a committed change to the job that follows, through outages and signals."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.adapters.job_queue.arq import ArqJobQueue
from app.adapters.pubsub.valkey import ValkeyPubSub
from app.cli.migrations import upgrade
from app.database import Database
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.events.log import append
from app.events.types import ProductCreated
from app.events.wakeups import wake
from app.jobs.context import JobContext
from app.jobs.worker import run_worker
from tests.events.following import can_write, until


@dataclass(frozen=True)
class Shop:
    """What `run_worker` needs."""

    database: Database
    pubsub: ValkeyPubSub
    job_queue: ArqJobQueue


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as server:
        yield server


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(tmp_path / "valkey") as server:
        yield server


@pytest.fixture
async def shop(own_postgres: EmbeddedPostgres, own_valkey: EmbeddedValkey) -> AsyncIterator[Shop]:
    await upgrade(url=own_postgres.url, on_progress=lambda _: None)
    shop = Shop(
        database=Database(url=own_postgres.url),
        pubsub=ValkeyPubSub(url=own_valkey.url),
        job_queue=ArqJobQueue(url=own_valkey.url, retry_seconds=lambda _: 0.1),
    )
    yield shop
    await shop.job_queue.close()
    await shop.pubsub.close()
    await shop.database.close()


class Listings:
    """The job behind the reaction; it asks the database, as a real one does."""

    def __init__(self) -> None:
        self.refreshed: set[str] = set()

    async def refresh(self, context: JobContext, arguments: Mapping[str, Any]) -> None:
        async with context.application.database.transaction() as session:
            await session.execute(text("SELECT 1"))
        self.refreshed.update(arguments["product_ids"])


@asynccontextmanager
async def working(shop: Shop, listings: Listings) -> AsyncIterator[asyncio.Task[None]]:
    jobs = {"catalog.refresh_listings": listings.refresh}
    task = asyncio.create_task(run_worker(shop, jobs=jobs, handle_signals=False))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def create_product(shop: Shop, number: int) -> str:
    product = UUID(int=number)
    async with shop.database.transaction() as session:
        created = ProductCreated(product_id=product)
        await append(session, stream=created.stream, after_version=0, events=[created], metadata={})
    await wake(shop.pubsub)
    return str(product)


async def test_runs_the_job_that_follows_a_change(shop: Shop) -> None:
    listings = Listings()
    async with working(shop, listings):
        products = {await create_product(shop, number) for number in range(1, 21)}

        async def all_refreshed() -> bool:
            return listings.refreshed == products

        await until(all_refreshed)


async def test_catches_up_with_what_happened_while_no_worker_ran(shop: Shop) -> None:
    listings = Listings()
    products = {await create_product(shop, number) for number in range(1, 4)}
    async with working(shop, listings):

        async def all_refreshed() -> bool:
            return listings.refreshed == products

        await until(all_refreshed)


async def test_outlives_valkey_and_postgresql(
    shop: Shop, own_postgres: EmbeddedPostgres, own_valkey: EmbeddedValkey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    listings = Listings()
    products: set[str] = set()

    async def all_refreshed() -> bool:
        return listings.refreshed >= products

    async with working(shop, listings):
        products.add(await create_product(shop, 1))
        await until(all_refreshed)
        own_valkey.stop()
        products.add(await create_product(shop, 2))
        own_valkey.start()
        await until(all_refreshed)
        own_postgres.stop()
        own_postgres.start()
        await until(lambda: can_write(shop.database))
        products.add(await create_product(shop, 3))
        await until(all_refreshed)
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


async def test_keeps_a_job_that_it_does_not_know(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    task = asyncio.create_task(run_worker(shop, jobs={}, handle_signals=False))
    product = await create_product(shop, 1)

    async def has_been_tried() -> bool:
        return any("catalog.refresh_listings" in message for message in caplog.messages)

    await until(has_been_tried)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    listings = Listings()
    async with working(shop, listings):

        async def is_refreshed() -> bool:
            return listings.refreshed == {product}

        await until(is_refreshed)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_ends_on_a_signal(shop: Shop, number: signal.Signals) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(context: JobContext, arguments: Mapping[str, Any]) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        ended.set()

    task = asyncio.create_task(run_worker(shop, jobs={"slow": slow}))
    await shop.job_queue.enqueue(name="slow", arguments={}, job_id="1")
    await asyncio.wait_for(begun.wait(), 20)
    os.kill(os.getpid(), number)
    await asyncio.wait_for(task, 20)
    assert ended.is_set()
