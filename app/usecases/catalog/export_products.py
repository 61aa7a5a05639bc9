"""Export all products to a feed, in fixed memory, the same bytes as long as the shop is the same.

Pages are read in the order of the slug, each in a snapshot of its own: a product is whole, and a change that is made
meanwhile is in the file or it isn't.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from app.database import Database
from app.domain.catalog.products import MediaDraft, ProductDraft, VariantDraft
from app.domain.money import format_minor
from app.ports.product_feed import FeedMedia, FeedProduct, FeedVariant, ProductFeed
from app.repositories.product_imports import (
    Place,
    StoredProduct,
    StoredVariant,
    list_metafield_names,
    list_products,
)
from app.usecases.catalog.import_plan import CATEGORY_NAME

PAGE = 200
"""Products that are held at a time."""


class ExportProducts:
    """What another system said of a product and Tradepost has no column for is given back from its metafields."""

    def __init__(self, *, database: Database, feed: ProductFeed) -> None:
        self._database = database
        self._feed = feed

    async def execute(self, *, place: Place) -> AsyncIterator[tuple[int, str]]:
        """Pieces of the file, and how many products each has."""
        async with self._database.transaction() as session:
            columns = self._feed.list_columns(metafields=await list_metafield_names(session))
        yield 0, self._feed.write_header(columns)
        after = ""
        while page := await self._read(after, place=place):
            products = [to_feed(product, currency_code=place.currency_code) for product in page]
            after = products[-1].product.slug
            yield len(page), "".join(self._feed.write_product(product, columns=columns) for product in products)

    async def _read(self, after: str, *, place: Place) -> list[StoredProduct]:
        async with self._database.transaction() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return await list_products(session, after_slug=after, limit=PAGE, place=place)


def to_feed(stored: StoredProduct, *, currency_code: str) -> FeedProduct:
    """The product as a feed has it, with the prices and the stock of one place."""
    columns = stored.columns
    urls = {media.id: media.url for media in stored.media}
    names = [option.name for option in stored.options]
    return FeedProduct(
        product=ProductDraft(
            slug=columns["slug"],
            name=columns["name"],
            description=columns["description"],
            status=columns["status"],
            vendor=columns["vendor"],
            tags=tuple(columns["tags"]),
            seo_title=columns["seo_title"],
            seo_description=columns["seo_description"],
            metafields=_texts(columns["metafields"]),
        ),
        category=columns["metafields"].get(CATEGORY_NAME) or stored.category_name,
        options=tuple(stored.options),
        media=tuple(FeedMedia(draft=MediaDraft(url=media.url, alt=media.alt)) for media in stored.media),
        variants=tuple(
            FeedVariant(draft=_variant(variant, names=names, urls=urls, currency_code=currency_code))
            for variant in stored.variants
        ),
    )


def _variant(stored: StoredVariant, *, names: list[str], urls: dict[UUID, str], currency_code: str) -> VariantDraft:
    columns = stored.columns
    amount, compare_at = stored.amount_minor, stored.compare_at_minor
    return VariantDraft(
        options=tuple(zip(names, columns["option_values"], strict=True)),
        sku=columns["sku"],
        barcode=columns["barcode"],
        weight_grams=columns["weight_grams"],
        media_url=urls.get(columns["media_id"]),
        is_tracked=columns["is_tracked"],
        inventory_policy=columns["inventory_policy"],
        price=None if amount is None else format_minor(amount, currency_code),
        compare_at_price=None if compare_at is None else format_minor(compare_at, currency_code),
        on_hand=stored.on_hand,
        metafields=_texts(columns["metafields"]),
    )


def _texts(metafields: dict[str, object]) -> dict[str, str]:
    """Those that a cell can hold; what isn't a text came from no file."""
    return {name: value for name, value in metafields.items() if isinstance(value, str)}
