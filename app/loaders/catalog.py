"""Batched reads of the catalogue by key: products, variants, options, media, categories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Text, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from app.database import Reader, Row, compile_statement
from app.loaders.ordering import many_each, one_each
from app.models.catalog import Category, Product, ProductMedia, ProductOption, ProductVariant


class ProductRow(Row):
    """A product's own columns."""

    __typename__ = "Product"
    if TYPE_CHECKING:
        id: UUID
        slug: str
        name: str
        description: str | None
        status: str
        vendor: str | None
        tags: list[str]
        seo_title: str | None
        seo_description: str | None
        category_id: UUID | None
        external_reference: str | None
        created_at: datetime
        updated_at: datetime
        version: int


class VariantRow(Row):
    """A variant, with the status of its product, on which depends who may see it."""

    __typename__ = "ProductVariant"
    if TYPE_CHECKING:
        id: UUID
        product_id: UUID
        position: int
        sku: str | None
        name: str
        option_values: list[str]
        barcode: str | None
        weight_grams: int | None
        media_id: UUID | None
        is_tracked: bool
        inventory_policy: str
        version: int
        product_status: str


class OptionRow(Row):
    """One of a product's options."""

    if TYPE_CHECKING:
        product_id: UUID
        name: str
        option_values: list[str]


class MediaRow(Row):
    """A picture of a product."""

    __typename__ = "Media"
    if TYPE_CHECKING:
        id: UUID
        product_id: UUID
        url: str
        alt: str | None
        product_status: str


class CategoryRow(Row):
    """A node of the category tree."""

    __typename__ = "Category"
    if TYPE_CHECKING:
        id: UUID
        slug: str
        name: str
        parent_id: UUID | None
        level: int


class AncestorRow(Row):
    """A category above another one."""

    __typename__ = "Category"
    if TYPE_CHECKING:
        below_id: UUID


PRODUCT_COLUMNS = (
    Product.id,
    Product.slug,
    Product.name,
    Product.description,
    Product.status,
    Product.vendor,
    Product.tags,
    Product.seo_title,
    Product.seo_description,
    Product.category_id,
    Product.external_reference,
    Product.created_at,
    Product.updated_at,
    Product.version,
)
VARIANT_COLUMNS = (
    ProductVariant.id,
    ProductVariant.product_id,
    ProductVariant.position,
    ProductVariant.sku,
    ProductVariant.name,
    ProductVariant.option_values,
    ProductVariant.barcode,
    ProductVariant.weight_grams,
    ProductVariant.media_id,
    ProductVariant.is_tracked,
    ProductVariant.inventory_policy,
    ProductVariant.version,
    Product.status.label("product_status"),
)
CATEGORY_COLUMNS = (Category.id, Category.slug, Category.name, Category.parent_id, Category.level)
_MEDIA = select(
    ProductMedia.id, ProductMedia.product_id, ProductMedia.url, ProductMedia.alt, Product.status.label("product_status")
).join(Product, Product.id == ProductMedia.product_id)

_IDS = any_(bindparam("ids", type_=ARRAY(Uuid)))
_TEXTS = any_(bindparam("texts", type_=ARRAY(Text)))
_VARIANTS = select(*VARIANT_COLUMNS).join(Product, Product.id == ProductVariant.product_id)

_PRODUCTS_BY_ID = compile_statement("products_by_id", select(*PRODUCT_COLUMNS).where(Product.id == _IDS))
_PRODUCTS_BY_SLUG = compile_statement("products_by_slug", select(*PRODUCT_COLUMNS).where(Product.slug == _TEXTS))
_VARIANTS_BY_ID = compile_statement("variants_by_id", _VARIANTS.where(ProductVariant.id == _IDS))
_VARIANTS_BY_SKU = compile_statement("variants_by_sku", _VARIANTS.where(ProductVariant.sku == _TEXTS))
_VARIANTS_BY_OPTIONS = compile_statement(
    "variants_by_options",
    _VARIANTS.where(ProductVariant.product_id == _IDS)
    # The options may be named in any order: both sides are compared as sets of values of the same length.
    .where(ProductVariant.option_values.contains(bindparam("values", type_=ARRAY(Text))))
    .where(func.cardinality(ProductVariant.option_values) == func.cardinality(bindparam("values", type_=ARRAY(Text)))),
)
_CATEGORIES_BY_ID = compile_statement("categories_by_id", select(*CATEGORY_COLUMNS).where(Category.id == _IDS))
_CATEGORIES_BY_SLUG = compile_statement("categories_by_slug", select(*CATEGORY_COLUMNS).where(Category.slug == _TEXTS))
_MEDIA_BY_ID = compile_statement("media_by_id", _MEDIA.where(ProductMedia.id == _IDS))
_MEDIA_OF_PRODUCTS = compile_statement(
    "media_of_products",
    _MEDIA.where(ProductMedia.product_id == _IDS).order_by(
        ProductMedia.product_id, ProductMedia.position, ProductMedia.id
    ),
)
_OPTIONS_OF_PRODUCTS = compile_statement(
    "options_of_products",
    select(ProductOption.product_id, ProductOption.name, ProductOption.values.label("option_values"))
    .where(ProductOption.product_id == _IDS)
    .order_by(ProductOption.product_id, ProductOption.position),
)


_BELOW = aliased(Category)
_ANCESTORS = compile_statement(
    "ancestors_of_categories",
    select(_BELOW.id.label("below_id"), *CATEGORY_COLUMNS)
    .join(Category, (Category.id == any_(_BELOW.path)) & (Category.id != _BELOW.id))
    .where(_BELOW.id == _IDS)
    .order_by(_BELOW.id, Category.level),
)


async def products_by_id(reader: Reader, ids: Sequence[UUID]) -> list[ProductRow | None]:
    """Products by their ids, whatever their status."""
    rows = await reader.fetch(_PRODUCTS_BY_ID, ProductRow, {"ids": ids})
    return one_each(keys=ids, rows=rows, key=lambda row: row.id)


async def products_by_slug(reader: Reader, slugs: Sequence[str]) -> list[ProductRow | None]:
    """Products by their slugs, whatever their status."""
    rows = await reader.fetch(_PRODUCTS_BY_SLUG, ProductRow, {"texts": slugs})
    return one_each(keys=slugs, rows=rows, key=lambda row: row.slug)


async def variants_by_id(reader: Reader, ids: Sequence[UUID]) -> list[VariantRow | None]:
    """Variants by their ids, whatever their product's status."""
    rows = await reader.fetch(_VARIANTS_BY_ID, VariantRow, {"ids": ids})
    return one_each(keys=ids, rows=rows, key=lambda row: row.id)


async def variants_by_sku(reader: Reader, skus: Sequence[str]) -> list[VariantRow | None]:
    """Variants by their SKUs, whatever their product's status."""
    rows = await reader.fetch(_VARIANTS_BY_SKU, VariantRow, {"texts": skus})
    return one_each(keys=skus, rows=rows, key=lambda row: row.sku or "")


async def variants_by_options(
    reader: Reader, *, ids: Sequence[UUID], selected: Sequence[tuple[str, str]]
) -> list[VariantRow | None]:
    """The variant of each product that has just these options, given as (name, value) in any order."""
    options = await options_of_products(reader, ids)
    rows = await reader.fetch(
        _VARIANTS_BY_OPTIONS, VariantRow, {"ids": ids, "values": [value for _, value in selected]}
    )
    wanted = dict(selected)
    names = {product_id: [option.name for option in own] for product_id, own in zip(ids, options, strict=True)}
    # Two options may share a value (Front: red, Back: red), so that the names are compared as well.
    matching = [row for row in rows if dict(zip(names[row.product_id], row.option_values, strict=True)) == wanted]
    return one_each(keys=ids, rows=matching, key=lambda row: row.product_id)


async def options_of_products(reader: Reader, ids: Sequence[UUID]) -> list[list[OptionRow]]:
    """The options of each product in their order."""
    rows = await reader.fetch(_OPTIONS_OF_PRODUCTS, OptionRow, {"ids": ids})
    return many_each(keys=ids, rows=rows, key=lambda row: row.product_id)


async def media_of_products(reader: Reader, ids: Sequence[UUID]) -> list[list[MediaRow]]:
    """The pictures of each product in their order."""
    rows = await reader.fetch(_MEDIA_OF_PRODUCTS, MediaRow, {"ids": ids})
    return many_each(keys=ids, rows=rows, key=lambda row: row.product_id)


async def media_by_id(reader: Reader, ids: Sequence[UUID]) -> list[MediaRow | None]:
    """Pictures by their ids."""
    rows = await reader.fetch(_MEDIA_BY_ID, MediaRow, {"ids": ids})
    return one_each(keys=ids, rows=rows, key=lambda row: row.id)


async def categories_by_id(reader: Reader, ids: Sequence[UUID]) -> list[CategoryRow | None]:
    """Categories by their ids."""
    rows = await reader.fetch(_CATEGORIES_BY_ID, CategoryRow, {"ids": ids})
    return one_each(keys=ids, rows=rows, key=lambda row: row.id)


async def categories_by_slug(reader: Reader, slugs: Sequence[str]) -> list[CategoryRow | None]:
    """Categories by their slugs."""
    rows = await reader.fetch(_CATEGORIES_BY_SLUG, CategoryRow, {"texts": slugs})
    return one_each(keys=slugs, rows=rows, key=lambda row: row.slug)


async def ancestors_of_categories(reader: Reader, ids: Sequence[UUID]) -> list[list[AncestorRow]]:
    """The categories above each one, from the root down."""
    rows = await reader.fetch(_ANCESTORS, AncestorRow, {"ids": ids})
    return many_each(keys=ids, rows=rows, key=lambda row: row.below_id)
