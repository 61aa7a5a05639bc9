"""Tables of pricing: channels, and the price of a variant in each."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Id, MinorUnits, Model


class Channel(Model):
    """Where the shop sells, in one currency."""

    __tablename__ = "channels"
    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    currency_code: Mapped[str] = mapped_column(CHAR(3))
    prices_include_tax: Mapped[bool]


class VariantPrice(Model):
    """The price of one unit of a variant in a channel, and what it cost before."""

    __tablename__ = "variant_prices"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("compare_at_minor >= 0", name="compare_at"),
    )
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("product_variants.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    currency_code: Mapped[str] = mapped_column(CHAR(3))
    amount_minor: Mapped[MinorUnits]
    compare_at_minor: Mapped[MinorUnits | None]
