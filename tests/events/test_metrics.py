"""The gauges that show who is behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from app.adapters.pubsub.memory import MemoryPubSub
from app.database import Database
from app.events.consumers import Consumer, Dispatcher
from app.events.log import RecordedEvent
from app.events.metrics import measure
from tests.events.following import running, sequence, until, write


@pytest.fixture(scope="module")
def meter_reader() -> InMemoryMetricReader:
    """Reads the gauges; a process can be given a provider once."""
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    return reader


def values(reader: InMemoryMetricReader) -> dict[str, float]:
    data = reader.get_metrics_data()
    assert data is not None
    return {
        f"{metric.name.removeprefix('tradepost.events.')}{dict(point.attributes or {}) or ''}": point.value  # type: ignore[union-attr]
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
        if metric.name.startswith("tradepost.events.")
    }


async def test_shows_what_waits(database: Database, url: str, meter_reader: InMemoryMetricReader) -> None:
    stuck = asyncio.Event()

    async def handle(events: Sequence[RecordedEvent]) -> None:
        await stuck.wait()

    await write(database, events=3)
    await sequence(url)
    await write(database, events=2)
    consumer = Consumer(name="stuck", handle=handle)
    async with running("It", Dispatcher(database=database, pubsub=MemoryPubSub(), consumer=consumer).run):

        async def lags() -> bool:
            await measure(database)
            return "consumer.lag{'consumer': 'stuck'}" in values(meter_reader)

        await until(lags)
    shown = values(meter_reader)
    assert shown["inbox.size"] == 2
    assert shown["inbox.age"] > 0
    assert shown["consumer.lag{'consumer': 'stuck'}"] == 3
    assert shown["consumer.age{'consumer': 'stuck'}"] > 0

    await sequence(url)
    await measure(database)
    shown = values(meter_reader)
    assert (shown["inbox.size"], shown["inbox.age"]) == (0, 0)
    assert shown["consumer.lag{'consumer': 'stuck'}"] == 5
