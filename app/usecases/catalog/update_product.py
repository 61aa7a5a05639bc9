"""Change a product's own fields, its pictures or its category."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.catalog.products import MediaDraft, ProductDraft, check_media, check_product
from app.domain.refusals import Refusal, RefusedError
from app.events.log import append
from app.events.types import ProductUpdated
from app.models.catalog import Product
from app.repositories import products
from app.usecases.catalog.products import list_missing, list_taken, lock_current, sanitise
from app.usecases.transactions import Outcome

_FIELDS = (
    "slug",
    "name",
    "description",
    "status",
    "vendor",
    "tags",
    "seo_title",
    "seo_description",
    "external_reference",
    "metafields",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProductCommand:
    """Columns to change, by name; what isn't named stays as it is."""

    product_id: UUID
    expected_version: int | None
    changes: Mapping[str, Any]
    """Any of the fields of `ProductDraft`, and ``category_id``."""
    media: tuple[MediaDraft, ...] | None = None
    """All pictures in their order; None leaves them."""


class UpdateProduct:
    """A change that changes nothing is no change: no new version, no event."""

    def __init__(self, *, new_id: Callable[[], UUID], clock: Callable[[], datetime]) -> None:
        self._new_id = new_id
        self._clock = clock

    async def execute(self, session: AsyncSession, command: UpdateProductCommand) -> Outcome:
        """Lock, compare versions, change; the outcome's id is ``product``."""
        product = await lock_current(session, product_id=command.product_id, expected_version=command.expected_version)
        current: dict[str, Any] = {name: getattr(product, name) for name in (*_FIELDS, "category_id")}
        wanted = {**current, **command.changes}
        await self._refuse_faults(session, command, wanted=wanted)
        if "description" in command.changes:
            wanted["description"] = sanitise(wanted["description"])
        wanted["tags"] = list(wanted["tags"])
        changed = {name: wanted[name] for name in wanted if wanted[name] != current[name]}
        names = set(changed)
        if command.media is not None and await self._replace_media(session, product, command.media):
            names.add("media")
        if names:
            await self._record(session, product, changed=changed, names=names)
        return Outcome(ids={"product": product.id})

    async def _refuse_faults(
        self, session: AsyncSession, command: UpdateProductCommand, *, wanted: Mapping[str, Any]
    ) -> None:
        draft = ProductDraft(**{name: wanted[name] for name in _FIELDS})
        faults: list[Refusal] = [*check_product(draft), *check_media(command.media or ())]
        if not faults:
            faults += await list_taken(session, draft, product_id=command.product_id)
            faults += await list_missing(session, category_id=command.changes.get("category_id"))
        if faults:
            raise RefusedError(*faults)

    async def _replace_media(self, session: AsyncSession, product: Product, media: tuple[MediaDraft, ...]) -> bool:
        before = await products.list_media(session, product.id)
        if before == list(media):
            return False
        drafts = [(self._new_id(), picture) for picture in media]
        await products.replace_media(session, product_id=product.id, media=drafts)
        return True

    async def _record(
        self, session: AsyncSession, product: Product, *, changed: Mapping[str, Any], names: set[str]
    ) -> None:
        event = ProductUpdated(product_id=product.id, changed=tuple(sorted(names)))
        version = await append(session, stream=event.stream, after_version=product.version, events=[event], metadata={})
        values = {**changed, "version": version, "updated_at": self._clock()}
        await products.touch_product(session, product_id=product.id, values=values)
