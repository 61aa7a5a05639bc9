"""The SQL of writes to stock. Levels are locked in the order of warehouse and variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.catalog import ProductVariant
from app.models.inventory import StockLevel, Warehouse


async def find_warehouse_id(session: AsyncSession, slug: str) -> UUID | None:
    """The warehouse with this slug."""
    return (await session.execute(select(Warehouse.id).where(Warehouse.slug == slug))).scalar_one_or_none()


async def find_first_warehouse_id(session: AsyncSession) -> UUID | None:
    """The oldest warehouse: where stock goes when nobody says where."""
    return (await session.execute(select(Warehouse.id).order_by(Warehouse.id).limit(1))).scalar_one_or_none()


async def find_product_of(session: AsyncSession, variant_id: UUID) -> UUID | None:
    """The product of a variant; the variant can't be removed until the end of the transaction."""
    statement = select(ProductVariant.product_id).where(ProductVariant.id == variant_id)
    return (await session.execute(statement.with_for_update(read=True, key_share=True))).scalar_one_or_none()


async def add_levels(session: AsyncSession, *, warehouse_id: UUID, units: Mapping[UUID, int], now: datetime) -> None:
    """Begin levels of variants that are new, in their first version."""
    rows = [
        {"variant_id": id, "warehouse_id": warehouse_id, "on_hand": on_hand, "version": 1, "updated_at": now}
        for id, on_hand in sorted(units.items())
    ]
    await session.execute(insert(StockLevel).values(rows))


async def lock_levels(
    session: AsyncSession, *, warehouse_id: UUID, variant_ids: Sequence[UUID], now: datetime
) -> dict[UUID, StockLevel]:
    """The levels of these variants, locked; those that a warehouse never had are begun at zero."""
    ids = sorted(variant_ids)
    rows = [
        {"variant_id": id, "warehouse_id": warehouse_id, "on_hand": 0, "version": 0, "updated_at": now} for id in ids
    ]
    await session.execute(insert(StockLevel).values(rows).on_conflict_do_nothing())
    statement = (
        select(StockLevel)
        .where(StockLevel.warehouse_id == warehouse_id, StockLevel.variant_id.in_(ids))
        .order_by(StockLevel.variant_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {level.variant_id: level for level in (await session.execute(statement)).scalars()}
