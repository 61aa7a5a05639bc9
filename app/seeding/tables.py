"""Sample products as rows of our tables, in the form in which they are copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app.domain.catalog.products import variant_name
from app.domain.money import exponent
from app.events.types import Event, ProductCreated, StockAdjusted, encode
from app.models.base import Model
from app.models.catalog import Product, ProductListing, ProductMedia, ProductOption, ProductVariant
from app.models.inventory import StockLevel
from app.models.pricing import VariantPrice
from app.seeding.products import SampleProduct, SampleVariant

NO_METAFIELDS = "{}"

COLUMNS: dict[type[Model], tuple[str, ...]] = {
    Product: (
        *("id", "slug", "name", "description", "status", "vendor", "tags", "seo_title", "seo_description"),
        *("category_id", "metafields", "created_at", "updated_at", "version"),
    ),
    ProductOption: ("product_id", "position", "name", "values"),
    ProductMedia: ("id", "product_id", "position", "url", "alt"),
    ProductVariant: (
        *("id", "product_id", "position", "sku", "name", "option_values", "barcode", "weight_grams", "media_id"),
        *("is_tracked", "inventory_policy", "metafields", "created_at", "updated_at", "version"),
    ),
    VariantPrice: ("variant_id", "channel_id", "currency_code", "amount_minor", "compare_at_minor"),
    StockLevel: ("variant_id", "warehouse_id", "on_hand", "version", "updated_at"),
    ProductListing: ("product_id", "channel_id", "min_price_minor", "max_price_minor", "in_stock"),
}
"""Tables in the order in which they refer to each other, with the columns of their records."""

EVENT_COLUMNS = ("position", "stream", "version", "type", "schema_version", "data", "metadata")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleChannel:
    """A channel, and what a US dollar is in its prices, in percent."""

    id: UUID
    currency_code: str
    percent: int

    def price(self, cents: int | None) -> int | None:
        """The price in the smallest unit of the channel's currency."""
        if cents is None:
            return None
        return cents * self.percent * int(10 ** exponent(self.currency_code)) // 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleShop:
    """What all products refer to."""

    channels: Sequence[SampleChannel]
    warehouse_id: UUID
    categories: dict[str, UUID]
    """Ids by name."""


def records_of(products: Sequence[SampleProduct], *, shop: SampleShop) -> dict[type[Model], list[tuple[Any, ...]]]:
    """All rows of these products, by table."""
    records: dict[type[Model], list[tuple[Any, ...]]] = {model: [] for model in COLUMNS}
    for product in products:
        records[Product].append(_product(product, category_id=shop.categories[product.category]))
        records[ProductOption] += [
            (product.id, position, name, list(values)) for position, (name, values) in enumerate(product.options)
        ]
        records[ProductMedia] += [
            (id, product.id, position, url, alt) for position, (id, url, alt) in enumerate(product.media)
        ]
        for position, variant in enumerate(product.variants):
            records[ProductVariant].append(_variant(variant, product=product, position=position))
            records[VariantPrice] += _prices(variant, channels=shop.channels)
            records[StockLevel].append((variant.id, shop.warehouse_id, variant.on_hand, 1, product.created_at))
        records[ProductListing] += _listings(product, channels=shop.channels)
    return records


def events_of(products: Sequence[SampleProduct], *, shop: SampleShop) -> Iterator[Event]:
    """What a person would have caused who had added these products by hand."""
    for product in products:
        yield ProductCreated(product_id=product.id)
        for variant in product.variants:
            yield StockAdjusted(
                variant_id=variant.id,
                product_id=product.id,
                warehouse_id=shop.warehouse_id,
                delta=variant.on_hand,
                on_hand=variant.on_hand,
                reason="initial",
            )


def event_records(events: Sequence[Event], *, positions: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Events that are each the first of their stream."""
    for position, event in zip(positions, events, strict=True):
        data = orjson.dumps(encode(event)).decode()
        yield (position, event.stream, 1, event.type, event.schema_version, data, "{}")


def _product(product: SampleProduct, *, category_id: UUID) -> tuple[Any, ...]:
    at: datetime = product.created_at
    seo_title, seo_description = f"{product.name} by {product.vendor}", None
    return (
        *(product.id, product.slug, product.name, product.description, product.status, product.vendor),
        *(list(product.tags), seo_title, seo_description, category_id, NO_METAFIELDS, at, at, 1),
    )


def _variant(variant: SampleVariant, *, product: SampleProduct, position: int) -> tuple[Any, ...]:
    media_id = None if variant.media is None else product.media[variant.media][0]
    at, policy = product.created_at, "CONTINUE" if variant.continues else "DENY"
    return (
        *(variant.id, product.id, position, variant.sku, variant_name(variant.values), list(variant.values)),
        *(variant.barcode, variant.grams, media_id, True, policy, NO_METAFIELDS, at, at, 1),
    )


def _prices(variant: SampleVariant, *, channels: Sequence[SampleChannel]) -> Iterator[tuple[Any, ...]]:
    for channel in channels:
        amounts = channel.price(variant.cents), channel.price(variant.compare_at_cents)
        yield (variant.id, channel.id, channel.currency_code, *amounts)


def _listings(product: SampleProduct, *, channels: Sequence[SampleChannel]) -> Iterator[tuple[Any, ...]]:
    cents = [variant.cents for variant in product.variants]
    in_stock = any(variant.continues or variant.on_hand > 0 for variant in product.variants)
    for channel in channels:
        yield (product.id, channel.id, channel.price(min(cents)), channel.price(max(cents)), in_stock)
