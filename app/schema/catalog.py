"""The catalogue as clients see it: products, variants and categories, and the edges between them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.context import Context, Permission
from app.engine.fields import batched
from app.loaders import catalog as rows
from app.loaders import catalog_pages as pages
from app.loaders import product_pages
from app.loaders.catalog import ProductRow, VariantRow
from app.loaders.inventory import StockLevelRow, available_of_variants, stock_levels_of_variants
from app.loaders.pricing import PriceRow, price_ranges_of_products, prices_of_variants
from app.schema.catalog_filters import (
    ProductFilter,
    ProductSortKey,
    ProductStatus,
    SelectedOptionInput,
    product_query,
)
from app.schema.catalog_parts import Media, ProductOption, SelectedOption, Seo, StockLevel, Weight, WeightUnit
from app.schema.connections import (
    CURSOR,
    EDGES,
    NODE,
    NODES,
    PAGE_INFO,
    After,
    Before,
    Count,
    First,
    Last,
    NestedList,
    PageInfo,
    Paging,
    bad_input,
    count,
)
from app.schema.nodes import Node, OfRow, id_field
from app.schema.pricing import Money, MoneyRange, money


async def _prices(context: Context, variants: Sequence[VariantRow]) -> list[PriceRow | None]:
    channel = await context.channel()
    return await context.batches.load_many(prices_of_variants, [(variant.id, channel.id) for variant in variants])


@strawberry.federation.type(description="What goes into a cart: one combination of a product's options.", keys=["id"])
class ProductVariant(OfRow, Node):
    id: strawberry.ID = id_field("ProductVariant")

    sku: str | None = strawberry.field(description="Stock keeping unit: the merchant's own number, unique in the shop.")
    name: str = strawberry.field(description="The values of its options, joined: `M / Blue`.")
    barcode: str | None = strawberry.field(description="GTIN, EAN, UPC or ISBN.")
    version: int = strawberry.field(description="Rises with each change.")

    @strawberry.field(description="Its weight, for shipping.")
    def weight(row: strawberry.Parent[VariantRow]) -> Weight | None:
        return None if row.weight_grams is None else Weight(value=row.weight_grams, unit=WeightUnit.GRAMS)

    @batched(description="The product that it is a variant of.")
    async def product(parents: list[VariantRow], context: Context) -> list["Product"]:
        return await context.batches.load_many(rows.products_by_id, [variant.product_id for variant in parents])

    @batched(description="Its value for each of the product's options, in their order.", list_size=3)
    async def selected_options(parents: list[VariantRow], context: Context) -> list[list[SelectedOption]]:
        product_ids = [variant.product_id for variant in parents]
        options = await context.batches.load_many(rows.options_of_products, product_ids)
        return [
            [
                SelectedOption(name=option.name, value=value)
                for option, value in zip(own, variant.option_values, strict=False)
            ]
            for variant, own in zip(parents, options, strict=True)
        ]

    @batched(description="The price of one unit in the channel of the operation; null where it isn't sold there.")
    async def price(parents: list[VariantRow], context: Context) -> list[Money | None]:
        return [
            None if row is None else money(minor_units=row.amount_minor, currency_code=row.currency_code)
            for row in await _prices(context, parents)
        ]

    @batched(description="What one unit cost before, where it is on sale.")
    async def compare_at_price(parents: list[VariantRow], context: Context) -> list[Money | None]:
        return [
            None
            if row is None or row.compare_at_minor is None
            else money(minor_units=row.compare_at_minor, currency_code=row.currency_code)
            for row in await _prices(context, parents)
        ]

    @batched(description="How many units can be sold now, over all warehouses.")
    async def quantity_available(parents: list[VariantRow], context: Context) -> list[int]:
        return await context.batches.load_many(available_of_variants, [variant.id for variant in parents])

    @batched(
        description="Whether at least one unit can be bought: also when stock isn't counted or may run below zero."
    )
    async def in_stock(parents: list[VariantRow], context: Context) -> list[bool]:
        available = await context.batches.load_many(available_of_variants, [variant.id for variant in parents])
        return [
            units > 0 or not variant.is_tracked or variant.inventory_policy == "CONTINUE"
            for variant, units in zip(parents, available, strict=True)
        ]

    @batched(description="What each warehouse holds, for staff; null for others.", list_size=3)
    async def stock_levels(parents: list[VariantRow], context: Context) -> list[list[StockLevel] | None]:
        context.require(Permission.INVENTORY_WRITE)
        found: list[list[StockLevelRow]] = await context.batches.load_many(
            stock_levels_of_variants, [variant.id for variant in parents]
        )
        return found  # type: ignore[return-value]

    @batched(description="Its own picture, if it has one.", list_size=1)
    async def media(parents: list[VariantRow], context: Context) -> list[list[Media]]:
        found = await context.batches.load_many(rows.media_by_id, [variant.media_id for variant in parents])
        return [[] if row is None else [row] for row in found]


@strawberry.type(description="A variant in a list.")
class ProductVariantEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: ProductVariant = strawberry.field(description=NODE)


@strawberry.type(description="A page of variants.")
class ProductVariantConnection:
    edges: list[ProductVariantEdge] = strawberry.field(description=EDGES)
    nodes: list[ProductVariant] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)
    count: Count = count


@strawberry.federation.type(description="What the shop sells, as its page shows it.", keys=["id", "slug"])
class Product(OfRow, Node):
    id: strawberry.ID = id_field("Product")

    slug: str = strawberry.field(description="Name in addresses, unique in the shop; Shopify calls it handle.")
    name: str = strawberry.field(description="Name for people.")
    description: str | None = strawberry.field(description="Sanitised HTML.")
    status: ProductStatus = strawberry.field(description="Who sees it.")
    vendor: str | None = strawberry.field(description="Who makes or supplies it.")
    tags: list[str] = strawberry.field(description="Words to find it by.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it, or one of its variants, was last changed.")
    version: int = strawberry.field(
        description="Rises with each change; give it as `expectedVersion` to change it safely."
    )
    external_reference: str | None = strawberry.field(description="Its id in another system, unique in the shop.")

    @strawberry.field(description="How its page presents itself to search engines.")
    def seo(row: strawberry.Parent[ProductRow]) -> Seo:
        return Seo(title=row.seo_title, description=row.seo_description)

    @batched(description="Where it stands in the tree of categories.")
    async def category(parents: list[ProductRow], context: Context) -> list["Category | None"]:
        return await context.batches.load_many(rows.categories_by_id, [product.category_id for product in parents])

    @batched(description="The ways in which its variants differ.", list_size=3)
    async def options(parents: list[ProductRow], context: Context) -> list[list[ProductOption]]:
        return await context.batches.load_many(rows.options_of_products, [product.id for product in parents])

    @batched(description="Its pictures in order.", list_size=10)
    async def media(parents: list[ProductRow], context: Context) -> list[list[Media]]:
        return await context.batches.load_many(rows.media_of_products, [product.id for product in parents])

    @batched(description="The first of its pictures.")
    async def featured_media(parents: list[ProductRow], context: Context) -> list[Media | None]:
        found = await context.batches.load_many(rows.media_of_products, [product.id for product in parents])
        return [pictures[0] if pictures else None for pictures in found]

    @batched(description="Lowest and highest price in the channel of the operation; null where it isn't sold there.")
    async def price_range(parents: list[ProductRow], context: Context) -> list[MoneyRange | None]:
        channel = await context.channel()
        keys = [(product.id, channel.id) for product in parents]
        return [
            None
            if row is None
            else MoneyRange(
                min=money(minor_units=row.min_minor, currency_code=row.currency_code),
                max=money(minor_units=row.max_minor, currency_code=row.currency_code),
            )
            for row in await context.batches.load_many(price_ranges_of_products, keys)
        ]

    @batched(description="Its variants in order.")
    async def variants(
        parents: list[ProductRow],
        context: Context,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> list[ProductVariantConnection]:
        found = NestedList(
            name="Product.variants",
            kinds=(int, UUID),
            keyset_of=lambda row: (row.position, row.id),
            load=lambda ids, page: pages.variant_pages_of_products(context.reads, ids=ids, page=page),
            count_all=lambda ids: pages.variant_counts_of_products(context.reads, ids=ids),
        )
        paging = Paging(first=first, after=after, last=last, before=before)
        return await found.connect(context, parent_ids=[product.id for product in parents], paging=paging)  # type: ignore[return-value]

    @batched(description="The variant with just these values of the product's options, named in any order.")
    async def variant_by_options(
        parents: list[ProductRow],
        context: Context,
        *,
        selected_options: Annotated[
            list[SelectedOptionInput], strawberry.argument(description="A value for each of the product's options.")
        ],
    ) -> list[ProductVariant | None]:
        selected = [(option.name, option.value) for option in selected_options]
        if len(dict(selected)) != len(selected):
            raise bad_input("`selectedOptions` names an option twice.")
        return await rows.variants_by_options(  # type: ignore[return-value]
            context.reads, ids=[product.id for product in parents], selected=selected
        )


@strawberry.type(description="A product in a list.")
class ProductEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: Product = strawberry.field(description=NODE)


@strawberry.type(description="A page of products.")
class ProductConnection:
    edges: list[ProductEdge] = strawberry.field(description=EDGES)
    nodes: list[Product] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)
    count: Count = count


@strawberry.type(description="A page of the products that match.")
class ProductSearchConnection:
    edges: list[ProductEdge] = strawberry.field(description=EDGES)
    nodes: list[Product] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)
    count: Count = count


@strawberry.federation.type(description="A node of the tree in which products are sorted.", keys=["id", "slug"])
class Category(OfRow, Node):
    id: strawberry.ID = id_field("Category")

    slug: str = strawberry.field(description="Name in addresses, unique in the shop.")
    name: str = strawberry.field(description="Name for people.")
    level: int = strawberry.field(description="How deep it lies in the tree; 0 at the roots.")

    @batched(description="The category right above; null at the roots.")
    async def parent(parents: list[rows.CategoryRow], context: Context) -> list["Category | None"]:
        found = await context.batches.load_many(rows.ancestors_of_categories, [category.id for category in parents])
        return [above[-1] if above else None for above in found]

    @batched(description="The categories above, from the root down.", list_size=5)
    async def ancestors(parents: list[rows.CategoryRow], context: Context) -> list[list["Category"]]:
        return await context.batches.load_many(rows.ancestors_of_categories, [category.id for category in parents])

    @batched(description="The categories right below, by name.")
    async def children(
        parents: list[rows.CategoryRow],
        context: Context,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> list["CategoryConnection"]:
        found = NestedList(
            name="Category.children",
            kinds=(str, UUID),
            keyset_of=lambda row: (row.name, row.id),
            load=lambda ids, page: pages.child_pages_of_categories(context.reads, ids=ids, page=page),
            count_all=lambda ids: pages.child_counts_of_categories(context.reads, ids=ids),
        )
        paging = Paging(first=first, after=after, last=last, before=before)
        return await found.connect(context, parent_ids=[category.id for category in parents], paging=paging)  # type: ignore[return-value]

    @batched(description="The products in this category and in all below it.")
    async def products(
        parents: list[rows.CategoryRow],
        context: Context,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[ProductFilter | None, strawberry.argument(description="Which products.")] = None,
        sort_key: Annotated[
            ProductSortKey, strawberry.argument(description="How to sort.")
        ] = ProductSortKey.CREATED_AT,
        reverse: Annotated[bool, strawberry.argument(description="Whether to turn the order round.")] = False,
    ) -> list[ProductConnection]:
        query = await product_query(context, filter=filter, sort_key=sort_key, reverse=reverse)
        found = NestedList(
            name=f"Category.products:{query!r}",
            kinds=query.keyset_kinds,
            keyset_of=query.keyset_of,
            load=lambda ids, page: product_pages.product_pages_of_categories(
                context.reads, ids=ids, query=query, page=page
            ),
            count_all=lambda ids: product_pages.product_counts_of_categories(context.reads, ids=ids, query=query),
        )
        paging = Paging(first=first, after=after, last=last, before=before)
        return await found.connect(context, parent_ids=[category.id for category in parents], paging=paging)  # type: ignore[return-value]


@strawberry.type(description="A category in a list.")
class CategoryEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: Category = strawberry.field(description=NODE)


@strawberry.type(description="A page of categories.")
class CategoryConnection:
    edges: list[CategoryEdge] = strawberry.field(description=EDGES)
    nodes: list[Category] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)
    count: Count = count
