"""Add and change variants of one product, all of them at one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.catalog.products import VariantDraft
from app.domain.refusals import InvalidInput, RefusedError
from app.events.log import append
from app.events.types import ProductVariantsUpserted
from app.repositories import products
from app.usecases.catalog.products import lock_current
from app.usecases.catalog.variants import ChannelPricing, save_variants
from app.usecases.transactions import Outcome

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertVariantsCommand:
    """The drafts, and the channel that their prices are for."""

    product_id: UUID
    expected_version: int | None
    variants: tuple[VariantDraft, ...]
    pricing: ChannelPricing


class UpsertVariants:
    """All or nothing: one fault refuses the whole call, and every fault is told with the path of its row."""

    def __init__(self, *, new_id: Callable[[], UUID], clock: Callable[[], datetime]) -> None:
        self._new_id = new_id
        self._clock = clock

    async def execute(self, session: AsyncSession, command: UpsertVariantsCommand) -> Outcome:
        """Lock, compare versions, write; the outcome's id is ``product``."""
        if not 1 <= len(command.variants) <= MOST_AT_ONCE:
            message = f"Give between 1 and {MOST_AT_ONCE} variants."
            raise RefusedError(InvalidInput(message=message, field=("input", "variants")))
        product = await lock_current(
            session,
            product_id=command.product_id,
            expected_version=command.expected_version,
            field="productId",
        )
        now = self._clock()
        saved = await save_variants(
            session,
            product_id=product.id,
            drafts=command.variants,
            pricing=command.pricing,
            new_id=self._new_id,
            now=now,
        )
        event = ProductVariantsUpserted(
            product_id=product.id, created_ids=saved.created_ids, updated_ids=saved.updated_ids
        )
        version = await append(session, stream=event.stream, after_version=product.version, events=[event], metadata={})
        await products.touch_product(session, product_id=product.id, values={"version": version, "updated_at": now})
        return Outcome(ids={"product": product.id})
