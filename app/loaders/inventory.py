"""Batched reads of stock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.database import Reader, Row, compile_statement
from app.loaders.ordering import many_each
from app.models.inventory import StockLevel, Warehouse


class AvailableRow(Row):
    """The units of a variant in all warehouses together."""

    if TYPE_CHECKING:
        variant_id: UUID
        available: int


class StockLevelRow(Row):
    """The units of a variant in one warehouse."""

    if TYPE_CHECKING:
        variant_id: UUID
        warehouse_slug: str
        warehouse_name: str
        on_hand: int
        version: int


_AVAILABLE = compile_statement(
    "available_of_variants",
    select(StockLevel.variant_id, func.sum(StockLevel.on_hand).label("available"))
    .where(StockLevel.variant_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .group_by(StockLevel.variant_id),
)
_LEVELS = compile_statement(
    "stock_levels_of_variants",
    select(
        StockLevel.variant_id,
        Warehouse.slug.label("warehouse_slug"),
        Warehouse.name.label("warehouse_name"),
        StockLevel.on_hand,
        StockLevel.version,
    )
    .join(Warehouse, Warehouse.id == StockLevel.warehouse_id)
    .where(StockLevel.variant_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(StockLevel.variant_id, Warehouse.slug),
)


async def available_of_variants(reader: Reader, ids: Sequence[UUID]) -> list[int]:
    """How many units of each variant can be sold; 0 where no warehouse knows it."""
    rows = await reader.fetch(_AVAILABLE, AvailableRow, {"ids": ids})
    available = {row.variant_id: int(row.available) for row in rows}
    return [available.get(wanted, 0) for wanted in ids]


async def stock_levels_of_variants(reader: Reader, ids: Sequence[UUID]) -> list[list[StockLevelRow]]:
    """What each warehouse holds of each variant."""
    rows = await reader.fetch(_LEVELS, StockLevelRow, {"ids": ids})
    return many_each(keys=ids, rows=rows, key=lambda row: row.variant_id)
