"""What staff send to write the catalogue, and what they get back."""

from enum import Enum
from typing import Any

import strawberry
from strawberry import UNSET

from app.schema.catalog import Product, ProductVariant
from app.schema.catalog_filters import ProductStatus, SelectedOptionInput
from app.schema.errors import UserError
from app.schema.scalars import DecimalString

_EXPECTED_VERSION = "The version that the change was made for; another one is refused with CONFLICT."
_USER_ERRORS = "Why nothing was changed; empty when it was."


def optional(description: str) -> Any:
    """A field that may be left out; what that means is the mutation's to say."""
    return strawberry.field(default=UNSET, description=description)


@strawberry.input(description="How a page presents itself to search engines.")
class SeoInput:
    title: str | None = optional("Title of the page.")
    description: str | None = optional("Description of the page.")


@strawberry.input(description="A picture by its URL.")
class MediaInput:
    url: str = strawberry.field(description="Where the picture lies: http or https.")
    alt: str | None = optional("What it shows, for those who can't see it.")


@strawberry.input(description="An option of a product with its values in order.")
class ProductOptionInput:
    name: str = strawberry.field(description="Name, unique in the product.")
    values: list[str] = strawberry.field(
        default_factory=list, description="Values in the order in which they are shown; variants may add more."
    )


@strawberry.enum(description="What happens when a variant whose stock is counted has run out.")
class InventoryPolicy(Enum):
    DENY = strawberry.enum_value("DENY", description="It can't be bought.")
    CONTINUE = strawberry.enum_value("CONTINUE", description="It can be bought all the same.")


@strawberry.input(
    description="A variant to add or to change. It is recognised by its id, else its SKU, else its options; "
    "of a variant that exists, what is left out stays as it is."
)
class ProductVariantInput:
    id: strawberry.ID | None = optional("Its id, to change one that exists.")
    options: list[SelectedOptionInput] | None = optional(
        "One value for each option of the product; may be left out for the only variant of a product without options."
    )
    sku: str | None = optional("Stock keeping unit, unique in the shop.")
    barcode: str | None = optional("GTIN, EAN, UPC or ISBN.")
    weight_grams: int | None = optional("Weight in grams.")
    media_url: str | None = optional("URL of that of the product's pictures which shows this variant.")
    is_tracked: bool | None = optional("Whether stock is counted; true for a new variant.")
    inventory_policy: InventoryPolicy | None = optional("What happens at zero; DENY for a new variant.")
    price: DecimalString | None = optional("Price of one unit in the channel of the operation.")
    compare_at_price: DecimalString | None = optional("What one unit cost before.")
    on_hand: int | None = optional("Units in the first warehouse, for a new variant; use `stockAdjust` afterwards.")


@strawberry.input(description="A new product.")
class ProductCreateInput:
    name: str = strawberry.field(description="Name for people.")
    slug: str | None = optional("Name in addresses; made from the name when it is left out.")
    description: str | None = optional("HTML; what could run or track is taken out.")
    status: ProductStatus = strawberry.field(default=ProductStatus.DRAFT, description="Who sees it.")
    vendor: str | None = optional("Who makes or supplies it.")
    tags: list[str] | None = optional("Words to find it by.")
    seo: SeoInput | None = optional("How its page presents itself to search engines.")
    category_id: strawberry.ID | None = optional("Where it stands in the tree of categories.")
    external_reference: str | None = optional("Its id in another system.")
    options: list[ProductOptionInput] | None = optional("The ways in which its variants differ, at most 3.")
    media: list[MediaInput] | None = optional("Its pictures in order.")
    variants: list[ProductVariantInput] | None = optional("Its variants; without options it gets one by itself.")


@strawberry.input(description="A change of a product: what is left out stays as it is, null takes it away.")
class ProductUpdateInput:
    id: strawberry.ID = strawberry.field(description="The product.")
    expected_version: int | None = optional(_EXPECTED_VERSION)
    name: str | None = optional("Name for people.")
    slug: str | None = optional("Name in addresses.")
    description: str | None = optional("HTML; what could run or track is taken out.")
    status: ProductStatus | None = optional("Who sees it.")
    vendor: str | None = optional("Who makes or supplies it.")
    tags: list[str] | None = optional("All its tags.")
    seo: SeoInput | None = optional("How its page presents itself to search engines.")
    category_id: strawberry.ID | None = optional("Where it stands in the tree of categories.")
    external_reference: str | None = optional("Its id in another system.")
    media: list[MediaInput] | None = optional("All its pictures in order; a picture whose URL stays keeps its id.")


@strawberry.input(description="A product to delete.")
class ProductDeleteInput:
    id: strawberry.ID = strawberry.field(description="The product.")
    expected_version: int | None = optional(_EXPECTED_VERSION)


@strawberry.input(description="Variants of one product to add or to change, all of them or none.")
class ProductVariantsBulkUpsertInput:
    product_id: strawberry.ID = strawberry.field(description="The product.")
    expected_version: int | None = optional(_EXPECTED_VERSION)
    variants: list[ProductVariantInput] = strawberry.field(description="Between 1 and 500 variants.")


@strawberry.input(description="A count of stock (`onHand`) or a movement (`delta`); just one of them.")
class StockAdjustInput:
    variant_id: strawberry.ID = strawberry.field(description="The variant.")
    warehouse: str | None = optional("Slug of the warehouse; the first one when it is left out.")
    on_hand: int | None = optional("How many units there are.")
    delta: int | None = optional("How many units came, or went when it is negative.")
    reason: str = strawberry.field(description="Why, for the record: `received`, `damaged`, `count`.")
    expected_on_hand: int | None = optional("Change only if so many units lie there; else CONFLICT.")


@strawberry.type(description="What came of `productCreate`.")
class ProductCreatePayload:
    product: Product | None = strawberry.field(description="The new product.")
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)


@strawberry.type(description="What came of `productUpdate`.")
class ProductUpdatePayload:
    product: Product | None = strawberry.field(description="The product as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)


@strawberry.type(description="What came of `productDelete`.")
class ProductDeletePayload:
    deleted_id: strawberry.ID | None = strawberry.field(description="The id of the product that is gone.")
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)


@strawberry.type(description="What came of `productVariantsBulkUpsert`.")
class ProductVariantsBulkUpsertPayload:
    product: Product | None = strawberry.field(description="The product as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)


@strawberry.type(description="What came of `stockAdjust`.")
class StockAdjustPayload:
    variant: ProductVariant | None = strawberry.field(description="The variant with its stock as it is now.")
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)
