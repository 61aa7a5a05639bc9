"""How far everyone is behind, as OpenTelemetry gauges: the first place to look when something doesn't arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from opentelemetry import metrics
from sqlalchemy import text

from app.database import Database, Row, compile_statement

_MEASURE_SECONDS = 10.0

_METER = metrics.get_meter("tradepost.events")
_INBOX_SIZE = _METER.create_gauge(
    "tradepost.events.inbox.size", unit="{event}", description="Events that wait to be sequenced."
)
_INBOX_AGE = _METER.create_gauge(
    "tradepost.events.inbox.age", unit="s", description="Age of the oldest event that waits to be sequenced."
)
_CONSUMER_LAG = _METER.create_gauge(
    "tradepost.events.consumer.lag", unit="{event}", description="Events that a consumer has still to handle."
)
_CONSUMER_AGE = _METER.create_gauge(
    "tradepost.events.consumer.age",
    unit="s",
    description="Age of the oldest event that a consumer has still to handle.",
)

_LAGS = compile_statement(
    "events.lags",
    text(
        """
        SELECT NULL AS consumer, (SELECT count(*) FROM event_inbox) AS events, (
            SELECT extract(epoch FROM clock_timestamp() - events.recorded_at)::float8
            FROM events WHERE position = (SELECT min(position) FROM event_inbox)
        ) AS seconds
        UNION ALL
        SELECT consumer.name, (SELECT coalesce(max(sequence), 0) FROM event_sequence) - consumer.sequence, (
            SELECT extract(epoch FROM clock_timestamp() - events.recorded_at)::float8
            FROM events JOIN event_sequence AS next USING (position) WHERE next.sequence = consumer.sequence + 1
        )
        FROM event_consumers AS consumer
        """
    ),
)


async def measure(database: Database) -> None:
    """Set the gauges once."""
    for row in await database.fetch(_LAGS, Row, {}):
        seconds = max(row.seconds or 0.0, 0.0)
        if row.consumer is None:
            _INBOX_SIZE.set(row.events)
            _INBOX_AGE.set(seconds)
        else:
            _CONSUMER_LAG.set(row.events, {"consumer": row.consumer})
            _CONSUMER_AGE.set(seconds, {"consumer": row.consumer})


async def keep_measuring(database: Database, *, be_well: Callable[[], None]) -> None:
    """Set the gauges every few seconds until cancelled; each worker does, so that a leader that hangs is seen too."""
    while True:
        await measure(database)
        be_well()
        await asyncio.sleep(_MEASURE_SECONDS)
