"""What staff can do to the catalogue: from inputs to commands, from outcomes to payloads."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession

from app.context import Context, Permission
from app.domain.catalog.products import MediaDraft, OptionDraft, ProductDraft, VariantDraft
from app.domain.refusals import InvalidInput, RefusedError
from app.domain.text import slugify
from app.global_ids import encode_id
from app.loaders.catalog import products_by_id
from app.resolvers.writing import Info, given, key_or_refusal, write
from app.schema.catalog_inputs import (
    MediaInput,
    ProductCreateInput,
    ProductCreatePayload,
    ProductDeleteInput,
    ProductDeletePayload,
    ProductUpdateInput,
    ProductUpdatePayload,
    ProductVariantInput,
    ProductVariantsBulkUpsertInput,
    ProductVariantsBulkUpsertPayload,
)
from app.usecases.catalog.create_product import CreateProduct, CreateProductCommand
from app.usecases.catalog.delete_product import DeleteProduct, DeleteProductCommand
from app.usecases.catalog.update_product import UpdateProduct, UpdateProductCommand
from app.usecases.catalog.upsert_variants import UpsertVariants, UpsertVariantsCommand
from app.usecases.catalog.variants import ChannelPricing
from app.usecases.transactions import Outcome

_INPUT = strawberry.argument(description="What is to be done.")
# Columns of a variant, by the field of the input that speaks of them.
_VARIANT_COLUMNS = {
    "sku": "sku",
    "barcode": "barcode",
    "weight_grams": "weight_grams",
    "media_url": "media_id",
    "is_tracked": "is_tracked",
    "inventory_policy": "inventory_policy",
}
_NEVER_NULL = ("name", "slug", "status", "tags")


@strawberry.type
class CatalogMutation:
    @strawberry.mutation(description="Adds a product with its options, pictures and variants.")
    async def product_create(self, info: Info, input: Annotated[ProductCreateInput, _INPUT]) -> ProductCreatePayload:
        services = info.context.services

        async def work(session: AsyncSession) -> Outcome:
            command = CreateProductCommand(
                product=_product_draft(input),
                category_id=_category_key(input.category_id),
                options=tuple(
                    OptionDraft(name=option.name, values=tuple(option.values)) for option in given(input.options) or ()
                ),
                media=_media(given(input.media) or ()),
                variants=_variants(given(input.variants) or ()),
                pricing=await _pricing(info.context),
            )
            return await CreateProduct(new_id=services.new_id, clock=services.clock).execute(session, command)

        outcome = await write(info, requires=Permission.CATALOG_WRITE, input=input, work=work)
        return ProductCreatePayload(product=await _product(info, outcome), user_errors=_errors(outcome))

    @strawberry.mutation(description="Changes a product's own fields, pictures or category.")
    async def product_update(self, info: Info, input: Annotated[ProductUpdateInput, _INPUT]) -> ProductUpdatePayload:
        services = info.context.services

        async def work(session: AsyncSession) -> Outcome:
            command = UpdateProductCommand(
                product_id=key_or_refusal(input.id, typename="Product", field="id"),
                expected_version=given(input.expected_version),
                changes=_changes(input),
                media=None if given(input.media) is None else _media(input.media or ()),
            )
            return await UpdateProduct(new_id=services.new_id, clock=services.clock).execute(session, command)

        outcome = await write(info, requires=Permission.CATALOG_WRITE, input=input, work=work)
        return ProductUpdatePayload(product=await _product(info, outcome), user_errors=_errors(outcome))

    @strawberry.mutation(description="Deletes a product with its variants, prices and stock.")
    async def product_delete(self, info: Info, input: Annotated[ProductDeleteInput, _INPUT]) -> ProductDeletePayload:
        async def work(session: AsyncSession) -> Outcome:
            command = DeleteProductCommand(
                product_id=key_or_refusal(input.id, typename="Product", field="id"),
                expected_version=given(input.expected_version),
            )
            return await DeleteProduct().execute(session, command)

        outcome = await write(info, requires=Permission.CATALOG_WRITE, input=input, work=work)
        deleted = outcome.ids.get("product")
        return ProductDeletePayload(
            deleted_id=strawberry.ID(encode_id("Product", deleted)) if deleted else None, user_errors=_errors(outcome)
        )

    @strawberry.mutation(description="Adds and changes up to 500 variants of one product, all of them or none.")
    async def product_variants_bulk_upsert(
        self, info: Info, input: Annotated[ProductVariantsBulkUpsertInput, _INPUT]
    ) -> ProductVariantsBulkUpsertPayload:
        services = info.context.services

        async def work(session: AsyncSession) -> Outcome:
            command = UpsertVariantsCommand(
                product_id=key_or_refusal(input.product_id, typename="Product", field="productId"),
                expected_version=given(input.expected_version),
                variants=_variants(input.variants),
                pricing=await _pricing(info.context),
            )
            return await UpsertVariants(new_id=services.new_id, clock=services.clock).execute(session, command)

        outcome = await write(info, requires=Permission.CATALOG_WRITE, input=input, work=work)
        return ProductVariantsBulkUpsertPayload(product=await _product(info, outcome), user_errors=_errors(outcome))


async def _pricing(context: Context) -> ChannelPricing:
    channel = await context.channel()
    return ChannelPricing(channel_id=channel.id, currency_code=channel.currency_code)


async def _product(info: Info, outcome: Outcome) -> Any:
    if outcome.refusals:
        return None
    return await info.context.batches.load(products_by_id, outcome.ids["product"])


def _errors(outcome: Outcome) -> Any:
    return list(outcome.refusals)


def _category_key(id: Any) -> Any:
    return None if given(id) is None else key_or_refusal(id, typename="Category", field="categoryId")


def _product_draft(input: ProductCreateInput) -> ProductDraft:
    seo = given(input.seo)
    return ProductDraft(
        slug=given(input.slug) or slugify(input.name),
        name=input.name,
        description=given(input.description),
        status=str(input.status.value),
        vendor=given(input.vendor),
        tags=tuple(given(input.tags) or ()),
        seo_title=given(seo.title) if seo else None,
        seo_description=given(seo.description) if seo else None,
        external_reference=given(input.external_reference),
    )


def _changes(input: ProductUpdateInput) -> dict[str, Any]:
    names = ("name", "slug", "description", "status", "vendor", "tags", "external_reference")
    unset = strawberry.UNSET
    changes = {name: getattr(input, name) for name in names if getattr(input, name) is not unset}
    for name in _NEVER_NULL:
        if name in changes and changes[name] is None:
            raise RefusedError(InvalidInput(message="Can't be taken away.", field=("input", name)))
    if "status" in changes:
        changes["status"] = changes["status"].value
    if input.category_id is not unset:
        changes["category_id"] = _category_key(input.category_id)
    if input.seo is None:
        changes |= {"seo_title": None, "seo_description": None}
    elif input.seo is not unset:
        seo = {"seo_title": input.seo.title, "seo_description": input.seo.description}
        changes |= {name: value for name, value in seo.items() if value is not unset}
    return changes


def _media(media: Sequence[MediaInput]) -> tuple[MediaDraft, ...]:
    return tuple(MediaDraft(url=picture.url, alt=given(picture.alt)) for picture in media)


def _variants(inputs: Sequence[ProductVariantInput]) -> tuple[VariantDraft, ...]:
    return tuple(_variant(input, number=number) for number, input in enumerate(inputs))


def _variant(input: ProductVariantInput, *, number: int) -> VariantDraft:
    unset = strawberry.UNSET
    kept = {column for name, column in _VARIANT_COLUMNS.items() if getattr(input, name) is unset} | {"metafields"}
    if input.compare_at_price is unset:
        kept.add("compare_at_price")
    options = tuple((option.name, option.value) for option in given(input.options) or ())
    tracked, policy = given(input.is_tracked), given(input.inventory_policy)
    variant_id = given(input.id)
    return VariantDraft(
        id=key_or_refusal(variant_id, typename="ProductVariant", field=f"variants.{number}.id") if variant_id else None,
        options=options,
        sku=given(input.sku),
        barcode=given(input.barcode),
        weight_grams=given(input.weight_grams),
        media_url=given(input.media_url),
        is_tracked=True if tracked is None else tracked,
        inventory_policy="DENY" if policy is None else policy.value,
        price=given(input.price),
        compare_at_price=given(input.compare_at_price),
        on_hand=given(input.on_hand),
        kept=frozenset(kept),
    )
