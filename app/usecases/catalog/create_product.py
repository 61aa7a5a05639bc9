"""Create a product with its options, pictures and variants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.catalog.products import (
    DEFAULT_OPTION,
    MediaDraft,
    OptionDraft,
    ProductDraft,
    VariantDraft,
    check_media,
    check_options,
    check_product,
)
from app.domain.refusals import Refusal, RefusedError
from app.events.log import append
from app.events.types import ProductCreated
from app.models.catalog import Product
from app.repositories import products
from app.usecases.catalog.products import list_missing, list_taken, sanitise
from app.usecases.catalog.variants import ChannelPricing, save_variants
from app.usecases.transactions import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProductCommand:
    """A new product; without options and variants it gets the one default variant."""

    product: ProductDraft
    category_id: UUID | None
    options: tuple[OptionDraft, ...]
    media: tuple[MediaDraft, ...]
    variants: tuple[VariantDraft, ...]
    pricing: ChannelPricing


class CreateProduct:
    """The slug and the external reference must be free; faults of all parts are told at once."""

    def __init__(self, *, new_id: Callable[[], UUID], clock: Callable[[], datetime]) -> None:
        self._new_id = new_id
        self._clock = clock

    async def execute(self, session: AsyncSession, command: CreateProductCommand) -> Outcome:
        """Add everything in the session's transaction; the outcome's id is ``product``."""
        product_id, now = self._new_id(), self._clock()
        draft = command.product
        await self._refuse_faults(session, command, product_id=product_id)
        session.add(
            Product(
                id=product_id,
                slug=draft.slug,
                name=draft.name,
                description=sanitise(draft.description),
                status=draft.status,
                vendor=draft.vendor,
                tags=list(draft.tags),
                seo_title=draft.seo_title,
                seo_description=draft.seo_description,
                category_id=command.category_id,
                external_reference=draft.external_reference,
                metafields=dict(draft.metafields),
                created_at=now,
                updated_at=now,
                version=1,
            )
        )
        await session.flush()
        options = command.options or (OptionDraft(name=DEFAULT_OPTION, values=()),)
        await products.replace_options(session, product_id=product_id, options=options)
        media = [(self._new_id(), picture) for picture in command.media]
        await products.replace_media(session, product_id=product_id, media=media)
        variants = command.variants or (() if command.options else (VariantDraft(),))
        await save_variants(
            session,
            product_id=product_id,
            drafts=variants,
            pricing=command.pricing,
            new_id=self._new_id,
            now=now,
        )
        event = ProductCreated(product_id=product_id)
        await append(session, stream=event.stream, after_version=0, events=[event], metadata={})
        return Outcome(ids={"product": product_id})

    async def _refuse_faults(self, session: AsyncSession, command: CreateProductCommand, *, product_id: UUID) -> None:
        draft = command.product
        faults: list[Refusal] = [
            *check_product(draft),
            *check_options(command.options),
            *check_media(command.media),
        ]
        if not faults:
            faults += await list_taken(session, draft, product_id=product_id)
            faults += await list_missing(session, category_id=command.category_id)
        if faults:
            raise RefusedError(*faults)
