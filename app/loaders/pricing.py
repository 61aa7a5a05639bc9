"""Batched reads of channels and prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Text, Uuid, any_, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.database import Reader, Row, compile_statement
from app.loaders.ordering import one_each
from app.models.catalog import ProductVariant
from app.models.pricing import Channel, VariantPrice


class ChannelRow(Row):
    """A channel."""

    __typename__ = "Channel"
    if TYPE_CHECKING:
        id: UUID
        slug: str
        name: str
        currency_code: str
        prices_include_tax: bool


class PriceRow(Row):
    """The price of a variant in a channel."""

    if TYPE_CHECKING:
        variant_id: UUID
        channel_id: UUID
        currency_code: str
        amount_minor: int
        compare_at_minor: int | None


class PriceRangeRow(Row):
    """The lowest and the highest price among a product's variants in a channel."""

    if TYPE_CHECKING:
        product_id: UUID
        channel_id: UUID
        currency_code: str
        min_minor: int
        max_minor: int


_CHANNEL = (Channel.id, Channel.slug, Channel.name, Channel.currency_code, Channel.prices_include_tax)
_ALL_CHANNELS = compile_statement("channels", select(*_CHANNEL).order_by(Channel.slug))
_CHANNELS_BY_SLUG = compile_statement(
    "channels_by_slug", select(*_CHANNEL).where(Channel.slug == any_(bindparam("slugs", type_=ARRAY(Text))))
)
_CHANNELS_BY_ID = compile_statement(
    "channels_by_id", select(*_CHANNEL).where(Channel.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
)
_KEYS = (
    func.unnest(bindparam("ids", type_=ARRAY(Uuid)), bindparam("channel_ids", type_=ARRAY(Uuid)))
    .table_valued(column("id", Uuid), column("channel_id", Uuid))
    .render_derived(name="keys")
)
_PRICES = compile_statement(
    "prices_of_variants",
    select(
        VariantPrice.variant_id,
        VariantPrice.channel_id,
        VariantPrice.currency_code,
        VariantPrice.amount_minor,
        VariantPrice.compare_at_minor,
    ).join(_KEYS, (VariantPrice.variant_id == _KEYS.c.id) & (VariantPrice.channel_id == _KEYS.c.channel_id)),
)
_PRICE_RANGES = compile_statement(
    "price_ranges_of_products",
    select(
        ProductVariant.product_id,
        VariantPrice.channel_id,
        func.min(VariantPrice.currency_code).label("currency_code"),
        func.min(VariantPrice.amount_minor).label("min_minor"),
        func.max(VariantPrice.amount_minor).label("max_minor"),
    )
    .select_from(_KEYS)
    .join(ProductVariant, ProductVariant.product_id == _KEYS.c.id)
    .join(
        VariantPrice,
        (VariantPrice.variant_id == ProductVariant.id) & (VariantPrice.channel_id == _KEYS.c.channel_id),
    )
    .group_by(ProductVariant.product_id, VariantPrice.channel_id),
)

PriceKey = tuple[UUID, UUID]
"""A variant or product, and a channel."""


async def all_channels(reader: Reader) -> Sequence[ChannelRow]:
    """Every channel, by slug; a shop has a handful."""
    return await reader.fetch(_ALL_CHANNELS, ChannelRow, {})


async def channels_by_slug(reader: Reader, slugs: Sequence[str]) -> list[ChannelRow | None]:
    """Channels by their slugs."""
    rows = await reader.fetch(_CHANNELS_BY_SLUG, ChannelRow, {"slugs": slugs})
    return one_each(keys=slugs, rows=rows, key=lambda row: row.slug)


async def channels_by_id(reader: Reader, ids: Sequence[UUID]) -> list[ChannelRow | None]:
    """Channels by their ids."""
    rows = await reader.fetch(_CHANNELS_BY_ID, ChannelRow, {"ids": ids})
    return one_each(keys=ids, rows=rows, key=lambda row: row.id)


async def prices_of_variants(reader: Reader, keys: Sequence[PriceKey]) -> list[PriceRow | None]:
    """The price of each variant in a channel; None where it isn't sold there."""
    rows = await reader.fetch(_PRICES, PriceRow, _key_arrays(keys))
    return one_each(keys=keys, rows=rows, key=lambda row: (row.variant_id, row.channel_id))


async def price_ranges_of_products(reader: Reader, keys: Sequence[PriceKey]) -> list[PriceRangeRow | None]:
    """The price range of each product in a channel; None where no variant has a price there."""
    rows = await reader.fetch(_PRICE_RANGES, PriceRangeRow, _key_arrays(keys))
    return one_each(keys=keys, rows=rows, key=lambda row: (row.product_id, row.channel_id))


def _key_arrays(keys: Sequence[PriceKey]) -> dict[str, list[UUID]]:
    return {"ids": [key[0] for key in keys], "channel_ids": [key[1] for key in keys]}
