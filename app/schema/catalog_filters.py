"""How clients choose and sort products, and what that means for the loaders."""

from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import Enum
from uuid import UUID

import strawberry

from app.context import Context, Permission
from app.domain.money import LARGEST_MINOR, exponent
from app.global_ids import InvalidGlobalId, decode_key
from app.loaders.product_pages import ProductQuery, ProductSort
from app.schema.connections import bad_input
from app.schema.scalars import CurrencyCode, DecimalString

_MOST_VALUES = 100


@strawberry.enum(description="Who sees a product.")
class ProductStatus(Enum):
    DRAFT = strawberry.enum_value("DRAFT", description="Being prepared: only staff see it.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="In the shop.")
    ARCHIVED = strawberry.enum_value("ARCHIVED", description="No longer sold: only staff see it.")


@strawberry.enum(description="How a list of products is sorted; ties are broken by id.")
class ProductSortKey(Enum):
    CREATED_AT = strawberry.enum_value("CREATED_AT", description="By the time of creation.")
    UPDATED_AT = strawberry.enum_value("UPDATED_AT", description="By the time of the last change.")
    NAME = strawberry.enum_value("NAME", description="By name.")
    PRICE = strawberry.enum_value(
        "PRICE", description="By the lowest price in the channel; products without a price there are left out."
    )


@strawberry.input(description="A value of an option: Size is M.")
class SelectedOptionInput:
    name: str = strawberry.field(description="Name of the option.")
    value: str = strawberry.field(description="Value of the option.")


@strawberry.input(description="A range of prices, in the currency of the channel.")
class PriceFilter:
    min: DecimalString | None = strawberry.field(default=None, description="Some variant costs at least this.")
    max: DecimalString | None = strawberry.field(default=None, description="Some variant costs at most this.")
    currency_code: CurrencyCode | None = strawberry.field(
        default=None, description="Must be the channel's currency, where it is given."
    )


@strawberry.input(description="Which products: all that is given must hold; a list means one of its values.")
class ProductFilter:
    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Ids of products.")
    categories: list[str] | None = strawberry.field(
        default=None, description="Slugs of categories; what lies in a category below counts as well."
    )
    vendors: list[str] | None = strawberry.field(default=None, description="Names of vendors.")
    tags: list[str] | None = strawberry.field(default=None, description="Tags.")
    options: list[SelectedOptionInput] | None = strawberry.field(
        default=None, description="Values of options: several values of one option mean one of them."
    )
    price: PriceFilter | None = strawberry.field(default=None, description="Range of prices.")
    in_stock: bool | None = strawberry.field(default=None, description="Whether any variant can be bought now.")
    status: list[ProductStatus] | None = strawberry.field(
        default=None, description="Statuses; without the permission to see unpublished products only ACTIVE is shown."
    )
    updated_since: datetime | None = strawberry.field(default=None, description="Changed at this instant or later.")


async def product_query(
    context: Context, *, filter: ProductFilter | None, sort_key: ProductSortKey, reverse: bool
) -> ProductQuery:
    """What the loaders are to read; a GraphQL error BAD_USER_INPUT where the filter makes no sense."""
    sort = ProductSort(str(sort_key.value))
    given = filter or ProductFilter()
    _limit_values(given)
    needs_channel = sort is ProductSort.PRICE or given.price is not None or given.in_stock is not None
    channel = await context.channel() if needs_channel else None
    lowest, highest = None, None
    if given.price is not None and channel is not None:
        lowest, highest = _price_range(given.price, channel.currency_code)
    return ProductQuery(
        sort=sort,
        descending=reverse,
        channel_id=channel.id if channel else None,
        statuses=_visible_statuses(context, given.status),
        ids=None if given.ids is None else [_product_key(text) for text in given.ids],
        category_slugs=given.categories,
        vendors=given.vendors,
        tags=given.tags,
        options=_options(given.options or []),
        min_price_minor=lowest,
        max_price_minor=highest,
        in_stock=given.in_stock,
        updated_since=given.updated_since,
    )


def _limit_values(given: ProductFilter) -> None:
    for name in ("ids", "categories", "vendors", "tags", "options"):
        values = getattr(given, name)
        if values is not None and len(values) > _MOST_VALUES:
            raise bad_input(f"`filter.{name}` takes at most {_MOST_VALUES} values, not {len(values)}.")


def _visible_statuses(context: Context, wanted: list[ProductStatus] | None) -> list[str] | None:
    if context.may(Permission.CATALOG_READ_UNPUBLISHED):
        return None if wanted is None else [str(status.value) for status in wanted]
    if wanted is None or ProductStatus.ACTIVE in wanted:
        return ["ACTIVE"]
    return []


def _product_key(text: str) -> UUID:
    try:
        return decode_key(text, typename="Product")
    except InvalidGlobalId as error:
        raise bad_input(f"`filter.ids`: {error}") from None


def _options(given: list[SelectedOptionInput]) -> list[tuple[str, list[str]]]:
    values: dict[str, list[str]] = {}
    for option in given:
        values.setdefault(option.name, []).append(option.value)
    return list(values.items())


def _price_range(price: PriceFilter, currency_code: str) -> tuple[int | None, int | None]:
    if price.currency_code not in (None, currency_code):
        raise bad_input(f"`filter.price`: this channel sells in {currency_code}, not in {price.currency_code}.")
    return (
        _to_minor(price.min, currency_code, ROUND_CEILING),
        _to_minor(price.max, currency_code, ROUND_FLOOR),
    )


def _to_minor(amount: DecimalString | None, currency_code: str, rounding: str) -> int | None:
    if amount is None:
        return None
    minor = Decimal(amount).scaleb(exponent(currency_code))
    # A bound beyond all prices is as good as the largest one.
    bounded = max(Decimal(-LARGEST_MINOR), min(Decimal(LARGEST_MINOR), minor))
    return int(bounded.to_integral_value(rounding=rounding))
