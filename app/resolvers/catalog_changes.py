"""The catalogue's changes as they happen, from the log."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from graphql import GraphQLError

from app.context import Context, Permission
from app.cursors import InvalidCursor
from app.events.log import CursorLost, EventCursor, RecordedEvent
from app.loaders.catalog import products_by_id, variants_by_id
from app.schema.nodes import Node

Info = strawberry.Info[Context, None]
_SCOPE = "Subscription.catalogChanged"
# Which object an event is about: the type of node, and the field of its data that holds the id.
_ENTITIES: dict[str, tuple[Any, str]] = {
    "catalog.product.created": (products_by_id, "product_id"),
    "catalog.product.updated": (products_by_id, "product_id"),
    "catalog.product.deleted": (None, "product_id"),
    "catalog.product.variants_upserted": (products_by_id, "product_id"),
    "inventory.stock.adjusted": (variants_by_id, "variant_id"),
}


@strawberry.type(description="Something that happened in the catalogue.")
class CatalogChange:
    cursor: str = strawberry.field(description="Give it as `after` to go on from here; it belongs to this shop.")
    event: str = strawberry.field(description="What happened: `catalog.product.updated`.")
    entity: Node | None = strawberry.field(description="What it happened to, as it is now; null when it is gone.")
    recorded_at: datetime = strawberry.field(description="When it happened.")


@strawberry.type
class CatalogSubscription:
    @strawberry.subscription(
        description="Changes of products, variants and stock in their order, for staff. A client that comes back with the "
        "cursor of the last change that it saw misses nothing and sees nothing twice."
    )
    async def catalog_changed(
        self,
        info: Info,
        after: Annotated[str | None, strawberry.argument(description="Cursor of the last change seen.")] = None,
    ) -> AsyncGenerator[CatalogChange, None]:
        context = info.context
        # Checked here, before the generator runs: a refusal then answers the subscription itself, not its first event.
        context.require(Permission.CATALOG_FOLLOW)
        return _follow(context, None if after is None else _open(context, after))


async def _follow(context: Context, after: EventCursor | None) -> AsyncGenerator[CatalogChange, None]:
    try:
        async with context.services.tail.subscribe(after=after, types=_ENTITIES.keys()) as changes:
            async for change in changes:
                # What the event before has read may have changed since.
                context.batches.renew()
                yield await _show(context, change)
    except CursorLost as error:
        raise GraphQLError(str(error), extensions={"code": "CURSOR_LOST"}) from None


async def _show(context: Context, change: RecordedEvent) -> CatalogChange:
    load, key = _ENTITIES[change.type]
    entity = None if load is None else await context.batches.load(load, UUID(change.data[key]))
    cursor = context.services.cursors.seal(scope=_SCOPE, values=[change.cursor.to_text()])
    return CatalogChange(cursor=cursor, event=change.type, entity=entity, recorded_at=change.recorded_at)


def _open(context: Context, after: str) -> EventCursor:
    try:
        (text,) = context.services.cursors.open(after, scope=_SCOPE)
        return EventCursor.from_text(str(text))
    except (InvalidCursor, ValueError):
        raise GraphQLError(
            "This cursor was not made by this subscription.", extensions={"code": "INVALID_CURSOR"}
        ) from None
