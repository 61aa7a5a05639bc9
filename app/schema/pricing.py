"""Money and channels, as clients see them."""

import strawberry

from app.domain.money import Money as MoneyValue
from app.schema.nodes import Node, OfRow, id_field
from app.schema.scalars import CurrencyCode, DecimalString, Long


@strawberry.federation.type(description="An exact sum of money.", shareable=True)
class Money:
    amount: DecimalString = strawberry.field(description="The sum in the currency's main unit.")
    currency_code: CurrencyCode = strawberry.field(description="The currency.")
    minor_units: Long = strawberry.field(description="The sum in the currency's smallest unit: cents.")


@strawberry.federation.type(description="The lowest and the highest of several prices.", shareable=True)
class MoneyRange:
    min: Money = strawberry.field(description="The lowest.")
    max: Money = strawberry.field(description="The highest.")


def money(*, minor_units: int, currency_code: str) -> Money:
    """A sum as the type system sees it; at run time the default resolver reads the domain's value."""
    return MoneyValue(minor_units, currency_code)  # type: ignore[return-value]


@strawberry.federation.type(description="Where the shop sells, in one currency.", keys=["id", "slug"])
class Channel(OfRow, Node):
    id: strawberry.ID = id_field("Channel")

    slug: str = strawberry.field(description="Short name for `@inContext(channel:)` and the header X-Channel.")
    name: str = strawberry.field(description="Name for people.")
    currency_code: CurrencyCode = strawberry.field(description="The currency of all prices in this channel.")
    prices_include_tax: bool = strawberry.field(description="Whether prices are shown and entered with tax.")
