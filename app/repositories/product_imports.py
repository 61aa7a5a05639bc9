"""Many whole products at once: read with all that hangs on them, and written by one statement for each table.

The number of statements doesn't depend on the number of products. Locks are taken in the house's order: products by id,
then (by the writes) variants and stock levels. Rows travel as one JSON value, since PostgreSQL takes that apart faster
than a client can spell out a parameter for every cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import itemgetter
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import Select, Table, Text, TextClause, Uuid, and_, any_, bindparam, literal, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.catalog.products import OptionDraft
from app.models.base import Model
from app.models.catalog import Category, Product, ProductMedia, ProductOption, ProductVariant
from app.models.inventory import StockLevel
from app.models.pricing import Channel, VariantPrice

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which prices and which stock are meant: those of one channel and one warehouse."""

    channel_id: UUID
    currency_code: str
    warehouse_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMedia:
    """A picture of a product."""

    id: UUID
    url: str
    alt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVariant:
    """A variant with its price and stock in one place; None where it has none there."""

    id: UUID
    columns: Mapping[str, Any]
    amount_minor: int | None
    compare_at_minor: int | None
    on_hand: int | None
    level_version: int


@dataclass(slots=True, kw_only=True)
class StoredProduct:
    """A product with all that hangs on it, everything in its order."""

    id: UUID
    columns: Mapping[str, Any]
    category_name: str | None
    options: list[OptionDraft] = field(default_factory=list)
    media: list[StoredMedia] = field(default_factory=list)
    variants: list[StoredVariant] = field(default_factory=list)


_PRODUCTS = select(Product.__table__, Category.name.label("category_name")).outerjoin(
    Category, Category.id == Product.category_id
)


async def lock_products(session: AsyncSession, *, slugs: Collection[str], place: Place) -> dict[str, StoredProduct]:
    """Those of these products that exist, by slug, locked until the end of the transaction."""
    named = _PRODUCTS.where(Product.slug == any_(literal(sorted(slugs), ARRAY(Text))))
    products = await _load(session, named.order_by(Product.id).with_for_update(of=Product), place=place)
    return {product.columns["slug"]: product for product in products}


async def list_products(session: AsyncSession, *, after_slug: str, limit: int, place: Place) -> list[StoredProduct]:
    """A page of all products by slug."""
    page = _PRODUCTS.where(Product.slug > after_slug).order_by(Product.slug).limit(limit)
    return await _load(session, page, place=place)


async def _load(session: AsyncSession, statement: Select[Any], *, place: Place) -> list[StoredProduct]:
    products = {
        row["id"]: StoredProduct(id=row["id"], columns=row, category_name=row["category_name"])
        for row in (await session.execute(statement)).mappings()
    }
    if not products:
        return []
    ids = literal(list(products), ARRAY(Uuid))
    for option in await session.execute(
        select(ProductOption.product_id, ProductOption.name, ProductOption.values)
        .where(ProductOption.product_id == any_(ids))
        .order_by(ProductOption.product_id, ProductOption.position)
    ):
        products[option.product_id].options.append(OptionDraft(name=option.name, values=tuple(option[2])))
    for media in await session.execute(
        select(ProductMedia.product_id, ProductMedia.id, ProductMedia.url, ProductMedia.alt)
        .where(ProductMedia.product_id == any_(ids))
        .order_by(ProductMedia.product_id, ProductMedia.position, ProductMedia.id)
    ):
        products[media.product_id].media.append(StoredMedia(id=media.id, url=media.url, alt=media.alt))
    for row in (await session.execute(_variants_of(ids, place=place))).mappings():
        products[row["product_id"]].variants.append(
            StoredVariant(
                id=row["id"],
                columns=row,
                amount_minor=row["amount_minor"],
                compare_at_minor=row["compare_at_minor"],
                on_hand=row["on_hand"],
                level_version=row["level_version"] or 0,
            )
        )
    return list(products.values())


def _variants_of(ids: Any, *, place: Place) -> Select[Any]:
    price_here = and_(VariantPrice.variant_id == ProductVariant.id, VariantPrice.channel_id == place.channel_id)
    level_here = and_(StockLevel.variant_id == ProductVariant.id, StockLevel.warehouse_id == place.warehouse_id)
    return (
        select(
            ProductVariant.__table__,
            VariantPrice.amount_minor,
            VariantPrice.compare_at_minor,
            StockLevel.on_hand,
            StockLevel.version.label("level_version"),
        )
        .outerjoin(VariantPrice, price_here)
        .outerjoin(StockLevel, level_here)
        .where(ProductVariant.product_id == any_(ids))
        .order_by(ProductVariant.product_id, ProductVariant.position, ProductVariant.id)
    )


async def find_sku_owners(session: AsyncSession, skus: Collection[str]) -> dict[str, UUID]:
    """Which variants have these SKUs."""
    statement = select(ProductVariant.sku, ProductVariant.id).where(
        ProductVariant.sku == any_(literal(sorted(skus), ARRAY(Text)))
    )
    return {sku: id for sku, id in await session.execute(statement) if sku is not None}


async def find_categories(session: AsyncSession, slugs: Collection[str]) -> dict[str, UUID]:
    """Which categories have these slugs."""
    statement = select(Category.slug, Category.id).where(Category.slug == any_(literal(sorted(slugs), ARRAY(Text))))
    return {row.slug: row.id for row in await session.execute(statement)}


async def find_channel(session: AsyncSession, slug: str) -> Channel | None:
    """The channel with this slug."""
    return (await session.execute(select(Channel).where(Channel.slug == slug))).scalar_one_or_none()


async def list_channel_slugs(session: AsyncSession) -> list[str]:
    """The slugs of all channels."""
    return list((await session.execute(select(Channel.slug).order_by(Channel.slug))).scalars())


_METAFIELD_NAMES = text(
    """
    SELECT DISTINCT key FROM products, jsonb_each(metafields) WHERE jsonb_typeof(value) = 'string'
    UNION
    SELECT DISTINCT key FROM product_variants, jsonb_each(metafields) WHERE jsonb_typeof(value) = 'string'
    """
)


async def list_metafield_names(session: AsyncSession) -> set[str]:
    """Under which names a text is kept of any product or variant."""
    return set((await session.execute(_METAFIELD_NAMES)).scalars())


def _upsert(model: type[Model], *, key: Sequence[str], kept: Collection[str] = ()) -> TextClause:
    """Add rows given as JSON, or write all their columns but ``kept`` where ``key`` exists."""
    table = cast(Table, model.__table__)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    typed = ", ".join(f'"{column.name}" {column.type.compile(dialect=dialect)}' for column in table.columns)
    changed = ", ".join(
        f'"{column.name}" = excluded."{column.name}"' for column in table.columns if column.name not in {*key, *kept}
    )
    rows = f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r ({typed})"
    # Every name comes from our own tables.
    sql = (
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {rows}"  # noqa: S608
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"
    )
    return text(sql).bindparams(bindparam("rows", type_=Text))


_PUT_CATEGORIES = _upsert(Category, key=("id",))
_PUT_PRODUCTS = _upsert(Product, key=("id",), kept=("created_at",))
_PUT_OPTIONS = _upsert(ProductOption, key=("product_id", "position"))
_PUT_MEDIA = _upsert(ProductMedia, key=("id",))
_PUT_VARIANTS = _upsert(ProductVariant, key=("id",), kept=("created_at", "product_id"))
_PUT_PRICES = _upsert(VariantPrice, key=("variant_id", "channel_id"))
_PUT_LEVELS = _upsert(StockLevel, key=("variant_id", "warehouse_id"))
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_DROP_MEDIA = text("DELETE FROM product_media WHERE id = ANY (:ids)").bindparams(_IDS)
# SKUs that move from one variant to another would collide halfway, so those that change are given up first.
_RELEASE_SKUS = text("UPDATE product_variants SET sku = NULL WHERE id = ANY (:ids)").bindparams(_IDS)


@dataclass(slots=True)
class ProductRows:
    """Rows to write, by table, and what has to go before."""

    categories: list[dict[str, Any]] = field(default_factory=list)
    products: list[dict[str, Any]] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)
    media: list[dict[str, Any]] = field(default_factory=list)
    variants: list[dict[str, Any]] = field(default_factory=list)
    prices: list[dict[str, Any]] = field(default_factory=list)
    levels: list[dict[str, Any]] = field(default_factory=list)
    dropped_media: list[UUID] = field(default_factory=list)
    released_skus: list[UUID] = field(default_factory=list)

    @classmethod
    def joined(cls, parts: Iterable[ProductRows]) -> ProductRows:
        """The rows of many products together."""
        whole = cls()
        for part in parts:
            for column in fields(cls):
                getattr(whole, column.name).extend(getattr(part, column.name))
        return whole


async def write_products(session: AsyncSession, rows: ProductRows) -> None:
    """Write all of it; rows of products and variants that exist belong to products that are locked."""
    await _execute(session, _RELEASE_SKUS, rows.released_skus)
    await _put(session, _PUT_CATEGORIES, sorted(rows.categories, key=itemgetter("slug")))
    # Two writers that add the same products wait for each other in one order.
    await _put(session, _PUT_PRODUCTS, sorted(rows.products, key=itemgetter("slug")))
    await _put(session, _PUT_OPTIONS, rows.options)
    await _put(session, _PUT_MEDIA, rows.media)
    await _put(session, _PUT_VARIANTS, rows.variants)
    # Only now does no variant point to them any more.
    await _execute(session, _DROP_MEDIA, rows.dropped_media)
    await _put(session, _PUT_PRICES, rows.prices)
    await _put(session, _PUT_LEVELS, sorted(rows.levels, key=itemgetter("variant_id")))


async def _execute(session: AsyncSession, statement: TextClause, ids: Sequence[UUID]) -> None:
    if ids:
        await session.execute(statement, {"ids": list(ids)})


async def _put(session: AsyncSession, statement: TextClause, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        # The driver's ids are a subclass of UUID, which orjson takes no further than to the default.
        await session.execute(statement, {"rows": orjson.dumps(rows, default=str).decode()})
