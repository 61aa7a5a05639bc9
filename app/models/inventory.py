"""Tables of the inventory: warehouses, and how much of a variant each has."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Id, Instant, Model


class Warehouse(Model):
    """A place that holds stock."""

    __tablename__ = "warehouses"
    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)


class StockLevel(Model):
    """How many units of a variant lie in a warehouse: an aggregate of its own, since many write it at once."""

    __tablename__ = "stock_levels"
    __table_args__ = (CheckConstraint("on_hand >= 0", name="on_hand"),)
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("product_variants.id", ondelete="CASCADE"), primary_key=True)
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouses.id"), primary_key=True)
    on_hand: Mapped[int]
    version: Mapped[int]
    updated_at: Mapped[Instant]
