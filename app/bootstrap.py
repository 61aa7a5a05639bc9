"""From settings to a running application: the only place that chooses adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from app.adapters.feeds.shopify_csv import ShopifyCsvFeed
from app.adapters.job_queue.arq import ArqJobQueue
from app.adapters.pubsub.valkey import ValkeyPubSub
from app.context import Services
from app.cursors import CursorSealer
from app.database import Database
from app.events.tail import EventTail
from app.ids import new_id
from app.ports.job_queue import JobQueue
from app.ports.product_feed import ProductFeed
from app.ports.pubsub import PubSub
from app.settings import Settings
from app.usecases.transactions import Transactions

VERSION = version("tradepost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The parts of one process, wired together."""

    settings: Settings
    database: Database
    pubsub: PubSub
    job_queue: JobQueue
    services: Services

    async def close(self) -> None:
        """Give all connections back."""
        await self.services.tail.close()
        await self.pubsub.close()
        await self.job_queue.close()
        await self.database.close()


PRODUCT_FEEDS: Mapping[str, ProductFeed] = {"shopify": ShopifyCsvFeed()}
"""The formats in which products come and go, by the name of the command."""


def now() -> datetime:
    """The clock of a real process."""
    return datetime.now(UTC)


def build_application(settings: Settings) -> Application:
    """The application for settings that name a database and a Valkey; connects to nothing yet."""
    assert settings.database_url is not None and settings.redis_url is not None
    database = Database(
        url=settings.database_url,
        pool_size=settings.pool_size,
        statement_timeout_seconds=settings.limits.operation_seconds,
    )
    pubsub = ValkeyPubSub(url=settings.redis_url)
    services = Services(
        settings=settings,
        database=database,
        cursors=CursorSealer(settings.secret_key),
        tail=EventTail(database=database, pubsub=pubsub),
        pubsub=pubsub,
        transactions=Transactions(database=database, pubsub=pubsub, clock=now),
        clock=now,
        new_id=new_id,
    )
    return Application(
        settings=settings,
        database=database,
        pubsub=pubsub,
        job_queue=ArqJobQueue(url=settings.redis_url),
        services=services,
    )
