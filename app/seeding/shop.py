"""Fill an empty shop with sample products, of any number, in fixed memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from app.domain.text import slugify
from app.events.wakeups import wake
from app.models.base import Model
from app.models.catalog import Category
from app.models.events import InboxEntry, StoredEvent
from app.ports.pubsub import PubSub
from app.repositories.bulk_copy import analyse, begin_bulk, copy_rows, draw_positions, is_catalogue_empty
from app.repositories.shop import add_first_channel, add_first_warehouse
from app.seeding.products import OPENED_AT, make_product, seeded_id
from app.seeding.tables import (
    COLUMNS,
    EVENT_COLUMNS,
    SampleChannel,
    SampleShop,
    event_records,
    events_of,
    records_of,
)
from app.seeding.words import TREE

CHUNK = 500
"""Products in one transaction."""
_EUROS_PERCENT = 110
"""A price in euros beside one in dollars; the euros include the tax."""
_CATEGORY_COLUMNS = ("id", "slug", "name", "parent_id", "path", "level")


class ShopNotEmpty(Exception):
    """The shop has products or categories already, among which samples have no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedShopCommand:
    """How many products; the same seed gives the same shop, ids included."""

    products: int
    seed: int = 1
    channel: str = "default"
    """The first channel, in US dollars; the second is ``eu``."""


class SeedShop:
    """Everything is written as other writers write it, with its events in the log; only faster."""

    def __init__(self, *, database: Database, pubsub: PubSub) -> None:
        self._database = database
        self._pubsub = pubsub

    async def execute(self, command: SeedShopCommand, *, on_progress: Callable[[int], None]) -> None:
        """Add the products in chunks, telling after each how many there are; raises `ShopNotEmpty` before the first."""
        shop: SampleShop | None = None
        for start in range(0, command.products, CHUNK):
            numbers = range(start + 1, min(start + CHUNK, command.products) + 1)
            async with self._database.transaction() as session:
                await begin_bulk(session)
                shop = shop or await _open(session, command)
                await _add(session, numbers, command=command, shop=shop)
            await wake(self._pubsub)
            on_progress(numbers[-1])
        async with self._database.transaction() as session:
            await begin_bulk(session)
            await analyse(session, [Category, *COLUMNS])


async def _open(session: AsyncSession, command: SeedShopCommand) -> SampleShop:
    """The channels, the warehouse and the categories; in the transaction of the first products, for all or nothing."""
    if not await is_catalogue_empty(session):
        raise ShopNotEmpty
    random = Random(f"{command.seed}/shop")
    warehouse_id = await add_first_warehouse(session, id=seeded_id(random, OPENED_AT), slug="main")
    channels = []
    for slug, currency, has_tax, percent in (
        (command.channel, "USD", False, 100),
        ("eu", "EUR", True, _EUROS_PERCENT),
    ):
        id = seeded_id(random, OPENED_AT)
        channel = await add_first_channel(session, id=id, slug=slug, currency_code=currency)
        if channel.id == id:
            channel.prices_include_tax = has_tax
        channels.append(SampleChannel(id=channel.id, currency_code=channel.currency_code, percent=percent))
    await session.flush()
    return SampleShop(channels=channels, warehouse_id=warehouse_id, categories=await _add_categories(session, random))


async def _add_categories(session: AsyncSession, random: Random) -> dict[str, UUID]:
    ids: dict[str, UUID] = {}
    records: list[tuple[object, ...]] = []

    def add(name: str, path: list[UUID]) -> list[UUID]:
        ids[name] = seeded_id(random, OPENED_AT)
        own_path = [*path, ids[name]]
        records.append((ids[name], slugify(name), name, path[-1] if path else None, own_path, len(path)))
        return own_path

    for department, groups in TREE.items():
        department_path = add(department, [])
        for group, kinds in groups.items():
            group_path = add(group, department_path)
            for kind in kinds:
                add(kind, group_path)
    await copy_rows(session, model=Category, columns=_CATEGORY_COLUMNS, records=records)
    return ids


async def _add(session: AsyncSession, numbers: range, *, command: SeedShopCommand, shop: SampleShop) -> None:
    products = [make_product(seed=command.seed, number=number) for number in numbers]
    records: dict[type[Model], list[tuple[object, ...]]] = records_of(products, shop=shop)
    for model, columns in COLUMNS.items():
        await copy_rows(session, model=model, columns=columns, records=records[model])
    events = list(events_of(products, shop=shop))
    positions = await draw_positions(session, len(events))
    stored = event_records(events, positions=positions)
    await copy_rows(session, model=StoredEvent, columns=EVENT_COLUMNS, records=stored)
    await copy_rows(session, model=InboxEntry, columns=("position",), records=((position,) for position in positions))
