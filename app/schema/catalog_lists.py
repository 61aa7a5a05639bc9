"""The lists of the whole shop, as root fields show them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.context import Context
from app.loaders import catalog as rows
from app.loaders import catalog_pages as pages
from app.loaders import product_pages
from app.loaders.catalog import ProductRow
from app.schema.catalog_filters import (
    ProductFilter,
    ProductSortKey,
    product_query,
)
from app.schema.connections import (
    Connection,
    Paging,
)


async def product_connection(
    context: Context,
    *,
    paging: Paging,
    filter: ProductFilter | None,
    sort_key: ProductSortKey,
    reverse: bool,
) -> Connection[ProductRow]:
    """A page of the shop's products, as the root field `products` shows it."""
    query = await product_query(context, filter=filter, sort_key=sort_key, reverse=reverse)
    scope = f"Query.products:{query!r}"
    request = paging.request(context, scope=scope, kinds=query.keyset_kinds)

    async def count_all(_parents: Sequence[Any]) -> Sequence[Any]:
        return [await product_pages.product_count(context.reads, query=query)]

    return Connection(
        context=context,
        scope=scope,
        page=await product_pages.product_page(context.reads, query=query, page=request),
        keyset_of=query.keyset_of,
        count_all=count_all,
    )


async def category_connection(context: Context, *, paging: Paging, level: int | None) -> Connection[rows.CategoryRow]:
    """A page of the categories, as the root field `categories` shows it."""
    scope = f"Query.categories:{level}"
    request = paging.request(context, scope=scope, kinds=(str, UUID))

    async def count_all(_parents: Sequence[Any]) -> Sequence[Any]:
        return [await pages.category_count(context.reads, level=level)]

    return Connection(
        context=context,
        scope=scope,
        page=await pages.category_page(context.reads, level=level, page=request),
        keyset_of=lambda row: (row.name, row.id),
        count_all=count_all,
    )
