"""What products and variants are made of, as clients see it; and who may see it."""

from enum import Enum
from typing import Any

import strawberry

from app.context import Context, Permission
from app.loaders import catalog as rows
from app.loaders.catalog import ProductRow
from app.schema.nodes import Node, OfRow, id_field


def is_visible(context: Context, row: Any) -> bool:
    """Whether the caller may see a product, or what belongs to one: all see what is active, staff also the rest."""
    if row is None:
        return False
    status = row.status if isinstance(row, ProductRow) else row.product_status
    return status == "ACTIVE" or context.may(Permission.CATALOG_READ_UNPUBLISHED)


@strawberry.type(description="How a page presents itself to search engines.")
class Seo:
    title: str | None = strawberry.field(description="Title of the page.")
    description: str | None = strawberry.field(description="Description of the page.")


@strawberry.type(description="A way in which the variants of a product differ: Size, with S, M and L.")
class ProductOption:
    name: str = strawberry.field(description="Name of the option.")

    @strawberry.field(description="Its values, in the order in which they are shown.")
    def values(row: strawberry.Parent[rows.OptionRow]) -> list[str]:
        return row.option_values


@strawberry.type(description="The value that a variant has for an option: Size is M.")
class SelectedOption:
    name: str = strawberry.field(description="Name of the option.")
    value: str = strawberry.field(description="The variant's value.")


@strawberry.type(description="A picture of a product.")
class Media(OfRow, Node):
    id: strawberry.ID = id_field("Media")

    url: str = strawberry.field(description="Where the picture lies.")
    alt: str | None = strawberry.field(description="What it shows, for those who can't see it.")


@strawberry.enum(description="A unit of weight.")
class WeightUnit(Enum):
    GRAMS = strawberry.enum_value("GRAMS", description="Grams.")


@strawberry.type(description="A weight.")
class Weight:
    value: int = strawberry.field(description="How many units.")
    unit: WeightUnit = strawberry.field(description="The unit.")


@strawberry.type(description="What one warehouse holds of a variant.")
class StockLevel:
    warehouse_slug: str = strawberry.field(name="warehouse", description="Slug of the warehouse.")
    warehouse_name: str = strawberry.field(description="Name of the warehouse.")
    on_hand: int = strawberry.field(description="Units that lie there.")
    version: int = strawberry.field(description="Rises with each change.")
