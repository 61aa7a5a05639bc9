"""What clients can ask of the catalogue."""

from typing import Annotated, Any

import strawberry

from app.context import Context
from app.loaders import catalog as rows
from app.loaders.pricing import all_channels, channels_by_slug
from app.schema.catalog import Category, CategoryConnection, Product, ProductSearchConnection, ProductVariant
from app.schema.catalog_filters import ProductFilter, ProductSortKey
from app.schema.catalog_lists import category_connection, product_connection
from app.schema.catalog_parts import is_visible
from app.schema.connections import After, Before, First, Last, Paging, bad_input
from app.schema.nodes import key_argument
from app.schema.pricing import Channel

Info = strawberry.Info[Context, None]
IdArgument = Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")]
SlugArgument = Annotated[str | None, strawberry.argument(description="Its slug.")]


async def _one(
    info: Info, *, typename: str, by_id: Any, by_text: Any, id: str | None, text: str | None, named: str
) -> Any:
    """The row with this id or this text, whichever is given; just one must be."""
    if (id is None) == (text is None):
        raise bad_input(f"Give either `id` or `{named}`.")
    if id is not None:
        return await info.context.batches.load(by_id, key_argument(id, typename=typename))
    return await info.context.batches.load(by_text, text)


@strawberry.type
class CatalogQuery:
    @strawberry.field(description="A product by its id or its slug; null where there is none that the caller may see.")
    async def product(self, info: Info, id: IdArgument = None, slug: SlugArgument = None) -> Product | None:
        row = await _one(
            info,
            typename="Product",
            by_id=rows.products_by_id,
            by_text=rows.products_by_slug,
            id=id,
            text=slug,
            named="slug",
        )
        return row if is_visible(info.context, row) else None

    @strawberry.field(description="The products of the shop.")
    async def products(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[ProductFilter | None, strawberry.argument(description="Which products.")] = None,
        sort_key: Annotated[
            ProductSortKey, strawberry.argument(description="How to sort.")
        ] = ProductSortKey.CREATED_AT,
        reverse: Annotated[bool, strawberry.argument(description="Whether to turn the order round.")] = False,
    ) -> ProductSearchConnection:
        paging = Paging(first=first, after=after, last=last, before=before)
        return await product_connection(  # type: ignore[return-value]
            info.context, paging=paging, filter=filter, sort_key=sort_key, reverse=reverse
        )

    @strawberry.field(description="A variant by its id or its SKU; null where there is none that the caller may see.")
    async def product_variant(
        self,
        info: Info,
        id: IdArgument = None,
        sku: Annotated[str | None, strawberry.argument(description="Its SKU.")] = None,
    ) -> ProductVariant | None:
        row = await _one(
            info,
            typename="ProductVariant",
            by_id=rows.variants_by_id,
            by_text=rows.variants_by_sku,
            id=id,
            text=sku,
            named="sku",
        )
        return row if is_visible(info.context, row) else None

    @strawberry.field(description="A category by its id or its slug.")
    async def category(self, info: Info, id: IdArgument = None, slug: SlugArgument = None) -> Category | None:
        return await _one(
            info,
            typename="Category",
            by_id=rows.categories_by_id,
            by_text=rows.categories_by_slug,
            id=id,
            text=slug,
            named="slug",
        )

    @strawberry.field(description="The categories, by name.")
    async def categories(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        level: Annotated[
            int | None, strawberry.argument(description="Only those of this level; 0 for the roots.")
        ] = None,
    ) -> CategoryConnection:
        paging = Paging(first=first, after=after, last=last, before=before)
        return await category_connection(info.context, paging=paging, level=level)  # type: ignore[return-value]

    @strawberry.field(description="A channel by its slug; the operation's own where none is given.")
    async def channel(self, info: Info, slug: SlugArgument = None) -> Channel | None:
        if slug is None:
            return await info.context.channel()  # type: ignore[return-value]
        return await info.context.batches.load(channels_by_slug, slug)

    @strawberry.field(description="All channels, by slug.")
    async def channels(self, info: Info) -> list[Channel]:
        return await all_channels(info.context.reads)  # type: ignore[return-value]
