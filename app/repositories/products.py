"""The SQL of writes to products. Order of locks: products by id, then their stock levels by warehouse and variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.catalog.products import MediaDraft, OptionDraft
from app.models.catalog import Category, Product, ProductMedia, ProductOption, ProductVariant
from app.models.pricing import VariantPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantKeys:
    """How an existing variant can be recognised, and what stands in its row."""

    id: UUID
    sku: str | None
    option_values: tuple[str, ...]
    position: int
    columns: Mapping[str, Any]


async def lock_product(session: AsyncSession, product_id: UUID) -> Product | None:
    """The product, locked until the end of the transaction; None where there is none."""
    statement = select(Product).where(Product.id == product_id).with_for_update()
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def find_category_id(session: AsyncSession, category_id: UUID) -> UUID | None:
    """The id again where the category exists."""
    return (await session.execute(select(Category.id).where(Category.id == category_id))).scalar_one_or_none()


async def find_taken_slug(session: AsyncSession, *, slug: str, other_than: UUID) -> bool:
    """Whether another product has this slug."""
    statement = select(Product.id).where(Product.slug == slug, Product.id != other_than)
    return (await session.execute(statement)).first() is not None


async def find_taken_reference(session: AsyncSession, *, reference: str, other_than: UUID) -> bool:
    """Whether another product has this external reference."""
    statement = select(Product.id).where(Product.external_reference == reference, Product.id != other_than)
    return (await session.execute(statement)).first() is not None


async def find_taken_skus(session: AsyncSession, *, skus: Sequence[str], other_than: UUID) -> set[str]:
    """Those of the SKUs that belong to other products than this."""
    statement = select(ProductVariant.sku).where(ProductVariant.sku.in_(skus), ProductVariant.product_id != other_than)
    return {sku for (sku,) in await session.execute(statement) if sku is not None}


async def replace_options(session: AsyncSession, *, product_id: UUID, options: Sequence[OptionDraft]) -> None:
    """Make these the product's options."""
    await session.execute(delete(ProductOption).where(ProductOption.product_id == product_id))
    rows = [
        {"product_id": product_id, "position": position, "name": option.name, "values": list(option.values)}
        for position, option in enumerate(options)
    ]
    if rows:
        await session.execute(insert(ProductOption).values(rows))


async def list_options(session: AsyncSession, product_id: UUID) -> list[OptionDraft]:
    """The product's options in order."""
    statement = select(ProductOption.name, ProductOption.values).where(ProductOption.product_id == product_id)
    rows = await session.execute(statement.order_by(ProductOption.position))
    return [OptionDraft(name=name, values=tuple(values)) for name, values in rows]


async def list_variant_keys(session: AsyncSession, product_id: UUID) -> list[VariantKeys]:
    """The product's variants by position."""
    table = ProductVariant.__table__
    statement = select(table).where(table.c.product_id == product_id).order_by(table.c.position, table.c.id)
    return [
        VariantKeys(
            id=row["id"],
            sku=row["sku"],
            option_values=tuple(row["option_values"]),
            position=row["position"],
            columns=dict(row),
        )
        for row in (await session.execute(statement)).mappings()
    ]


async def replace_media(
    session: AsyncSession, *, product_id: UUID, media: Sequence[tuple[UUID, MediaDraft]]
) -> dict[str, UUID]:
    """Make these the product's pictures; those whose URL is kept keep their id. Returns ids by URL."""
    kept = {
        url: id
        for id, url in await session.execute(
            select(ProductMedia.id, ProductMedia.url)
            .where(ProductMedia.product_id == product_id)
            .order_by(ProductMedia.position.desc(), ProductMedia.id.desc())
        )
    }
    rows: list[dict[str, Any]] = []
    ids: dict[str, UUID] = {}
    for position, (new_id, picture) in enumerate(media):
        id = kept.pop(picture.url, new_id)
        ids.setdefault(picture.url, id)
        rows.append({"id": id, "product_id": product_id, "position": position, "url": picture.url, "alt": picture.alt})
    statement = delete(ProductMedia).where(ProductMedia.product_id == product_id)
    await session.execute(statement.where(ProductMedia.id.not_in([row["id"] for row in rows])))
    if rows:
        new = insert(ProductMedia).values(rows)
        await session.execute(
            new.on_conflict_do_update(
                index_elements=["id"], set_={"position": new.excluded.position, "alt": new.excluded.alt}
            )
        )
    return ids


async def list_media(session: AsyncSession, product_id: UUID) -> list[MediaDraft]:
    """The product's pictures in order."""
    statement = select(ProductMedia.url, ProductMedia.alt).where(ProductMedia.product_id == product_id)
    rows = await session.execute(statement.order_by(ProductMedia.position, ProductMedia.id))
    return [MediaDraft(url=url, alt=alt) for url, alt in rows]


async def media_ids_by_url(session: AsyncSession, product_id: UUID) -> dict[str, UUID]:
    """The product's pictures, ids by URL."""
    statement = select(ProductMedia.url, ProductMedia.id).where(ProductMedia.product_id == product_id)
    return {row.url: row.id for row in await session.execute(statement)}


async def upsert_variants(session: AsyncSession, *, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Add variants, or change those whose id exists; all columns of the rows but ``created_at`` are written."""
    for chunk in _chunks(rows):
        new = insert(ProductVariant).values(
            [{**row, "created_at": now, "updated_at": now, "version": 1} for row in chunk]
        )
        changed = {name: new.excluded[name] for name in chunk[0] if name not in {"id", "product_id"}}
        await session.execute(
            new.on_conflict_do_update(
                index_elements=["id"],
                set_={**changed, "updated_at": now, "version": ProductVariant.version + 1},
            )
        )


async def upsert_prices(
    session: AsyncSession, *, rows: Sequence[Mapping[str, Any]], keep_compare_at: bool = False
) -> None:
    """Set prices of variants in channels; ``keep_compare_at`` leaves what an existing price is compared with."""
    for chunk in _chunks(rows):
        new = insert(VariantPrice).values(chunk)
        changed = {"amount_minor": new.excluded.amount_minor}
        if not keep_compare_at:
            changed["compare_at_minor"] = new.excluded.compare_at_minor
        await session.execute(new.on_conflict_do_update(index_elements=["variant_id", "channel_id"], set_=changed))


async def delete_variants(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Remove variants with their prices and stock."""
    await session.execute(delete(ProductVariant).where(ProductVariant.id.in_(ids)))


async def touch_product(session: AsyncSession, *, product_id: UUID, values: Mapping[str, Any]) -> None:
    """Write columns of a product that is locked."""
    await session.execute(update(Product).where(Product.id == product_id).values(**values))


async def delete_product(session: AsyncSession, product_id: UUID) -> None:
    """Remove a product with all that hangs on it."""
    await session.execute(delete(Product).where(Product.id == product_id))


# Prices decide whether a product is listed in a channel at all; stock is that of all warehouses together.
_REFRESH_LISTINGS = text(
    """
    WITH current AS (
        SELECT v.product_id, p.channel_id, min(p.amount_minor) AS min_price_minor, max(p.amount_minor) AS max_price_minor,
               bool_or(NOT v.is_tracked OR v.inventory_policy = 'CONTINUE' OR coalesce(s.on_hand, 0) > 0) AS in_stock
        FROM product_variants v
        JOIN variant_prices p ON p.variant_id = v.id
        LEFT JOIN LATERAL (SELECT sum(on_hand) AS on_hand FROM stock_levels WHERE variant_id = v.id) s ON true
        WHERE v.product_id = ANY (CAST(:ids AS uuid[]))
        GROUP BY v.product_id, p.channel_id
    ), gone AS (
        DELETE FROM product_listings l
        WHERE l.product_id = ANY (CAST(:ids AS uuid[]))
          AND NOT EXISTS (SELECT FROM current c WHERE c.product_id = l.product_id AND c.channel_id = l.channel_id)
    )
    INSERT INTO product_listings AS l (product_id, channel_id, min_price_minor, max_price_minor, in_stock)
    SELECT product_id, channel_id, min_price_minor, max_price_minor, in_stock FROM current
    ON CONFLICT (product_id, channel_id) DO UPDATE
    SET min_price_minor = excluded.min_price_minor, max_price_minor = excluded.max_price_minor,
        in_stock = excluded.in_stock
    WHERE (l.min_price_minor, l.max_price_minor, l.in_stock)
        IS DISTINCT FROM (excluded.min_price_minor, excluded.max_price_minor, excluded.in_stock)
    """
)


async def refresh_listings(session: AsyncSession, product_ids: Sequence[UUID]) -> None:
    """Derive the listings of these products anew; products that are gone have none.

    The products are locked for sharing first: a refresh reads what no writer is in the middle of changing, and two refreshes
    of one product can't leave the older answer.
    """
    ids = sorted(product_ids)
    locked = select(Product.id).where(Product.id.in_(ids)).order_by(Product.id).with_for_update(key_share=True)
    await session.execute(locked)
    await session.execute(_REFRESH_LISTINGS, {"ids": ids})


def _chunks(rows: Sequence[Mapping[str, Any]], size: int = 1_000) -> list[list[dict[str, Any]]]:
    """Parts that stay below the 32,767 parameters that one statement can have."""
    listed = [dict(row) for row in rows]
    return [listed[at : at + size] for at in range(0, len(listed), size)]
