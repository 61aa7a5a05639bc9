"""Tables of the catalogue: categories, products with their options, variants and media, and the listing of each channel.

A product and all that hangs on it is one aggregate: whoever changes any of it locks the row in ``products`` first and
raises its ``version``.
"""

from __future__ import annotations

import enum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Id, Instant, MinorUnits, Model


class ProductStatus(enum.StrEnum):
    """Who sees a product: DRAFT and ARCHIVED only staff, ACTIVE everybody."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"


class InventoryPolicy(enum.StrEnum):
    """What happens when a tracked variant has run out."""

    DENY = "DENY"
    CONTINUE = "CONTINUE"


def _one_of(column: str, values: type[enum.StrEnum]) -> str:
    return f"{column} in ({', '.join(repr(value.value) for value in values)})"


class Category(Model):
    """A node of the category tree; ``level`` is 0 at the roots."""

    __tablename__ = "categories"
    __table_args__ = (
        Index("ix_categories_path", "path", postgresql_using="gin"),
        Index("ix_categories_parent_id_name_id", "parent_id", "name", "id"),
    )
    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"))
    path: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    """The ids from the root down to this one, so that a subtree is found by an index."""
    level: Mapped[int]


class Product(Model):
    """What is sold, as its page shows it; prices and stock are its variants'."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint(_one_of("status", ProductStatus), name="status"),
        # One index for each way to sort a list, with the id that breaks ties; the storefront sees ACTIVE ones only.
        Index("ix_products_created_at_id", "created_at", "id"),
        Index("ix_products_updated_at_id", "updated_at", "id"),
        Index("ix_products_name_id", "name", "id"),
        Index("ix_products_active_created_at_id", "created_at", "id", postgresql_where=text("status = 'ACTIVE'")),
        Index("ix_products_active_updated_at_id", "updated_at", "id", postgresql_where=text("status = 'ACTIVE'")),
        Index("ix_products_active_name_id", "name", "id", postgresql_where=text("status = 'ACTIVE'")),
        Index("ix_products_category_id_created_at_id", "category_id", "created_at", "id"),
        Index("ix_products_tags", "tags", postgresql_using="gin"),
        Index("ix_products_vendor", "vendor"),
    )
    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    """Sanitised HTML."""
    status: Mapped[str] = mapped_column(Text)
    vendor: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    seo_title: Mapped[str | None] = mapped_column(Text)
    seo_description: Mapped[str | None] = mapped_column(Text)
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"))
    external_reference: Mapped[str | None] = mapped_column(Text, unique=True)
    metafields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What another system said of the product and Tradepost has no column for, so that an export gives it back."""
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int]


class ProductOption(Model):
    """One way in which a product's variants differ (Size), with its values in order (S, M, L)."""

    __tablename__ = "product_options"
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    values: Mapped[list[str]] = mapped_column(ARRAY(Text))


class ProductMedia(Model):
    """A picture of a product, kept by its URL."""

    __tablename__ = "product_media"
    __table_args__ = (Index("ix_product_media_product_id_position_id", "product_id", "position", "id"),)
    id: Mapped[Id]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    position: Mapped[int]
    url: Mapped[str] = mapped_column(Text)
    alt: Mapped[str | None] = mapped_column(Text)


class ProductVariant(Model):
    """What goes into a cart: one combination of a product's option values."""

    __tablename__ = "product_variants"
    __table_args__ = (
        CheckConstraint(_one_of("inventory_policy", InventoryPolicy), name="inventory_policy"),
        Index("ix_product_variants_product_id_position_id", "product_id", "position", "id"),
        Index("uq_product_variants_product_id_option_values", "product_id", "option_values", unique=True),
    )
    id: Mapped[Id]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    position: Mapped[int]
    sku: Mapped[str | None] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    option_values: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """One value for each of the product's options, in the options' order."""
    barcode: Mapped[str | None] = mapped_column(Text)
    weight_grams: Mapped[int | None]
    media_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_media.id", ondelete="SET NULL"), index=True)
    is_tracked: Mapped[bool]
    """Whether stock is counted; what isn't is always in stock."""
    inventory_policy: Mapped[str] = mapped_column(Text)
    metafields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int]


class ProductListing(Model):
    """A product as one channel lists it: its price range and whether any variant is in stock.

    Derived from variants, prices and stock, kept up to date from the log, so that lists can be sorted and filtered by
    an index. What a page *shows* of price and stock is read from their own tables.
    """

    __tablename__ = "product_listings"
    __table_args__ = (
        Index(
            "ix_product_listings_channel_id_min_price_minor_product_id", "channel_id", "min_price_minor", "product_id"
        ),
    )
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    min_price_minor: Mapped[MinorUnits]
    max_price_minor: Mapped[MinorUnits]
    in_stock: Mapped[bool]
