"""Delete a product with its variants, prices and stock."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.log import append
from app.events.types import ProductDeleted
from app.repositories import products
from app.usecases.catalog.products import lock_current
from app.usecases.transactions import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteProductCommand:
    """Which product, in which version."""

    product_id: UUID
    expected_version: int | None


class DeleteProduct:
    """What is gone stays in the log; a product that shall come back is archived instead."""

    async def execute(self, session: AsyncSession, command: DeleteProductCommand) -> Outcome:
        """Lock, compare versions, remove; the outcome's id is ``product``."""
        product = await lock_current(session, product_id=command.product_id, expected_version=command.expected_version)
        event = ProductDeleted(product_id=product.id)
        await append(session, stream=event.stream, after_version=product.version, events=[event], metadata={})
        await products.delete_product(session, product.id)
        return Outcome(ids={"product": product.id})
