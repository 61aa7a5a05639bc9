"""What the use cases that write products share: the checks that need the database, and clean HTML."""

from __future__ import annotations

from uuid import UUID

import nh3
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.catalog.products import ProductDraft
from app.domain.refusals import InvalidInput, NotFound, Refusal, RefusedError, stale
from app.models.catalog import Product
from app.repositories import products


async def lock_current(
    session: AsyncSession, *, product_id: UUID, expected_version: int | None, field: str = "id"
) -> Product:
    """The product, locked, in the version that the client expects; raises `RefusedError` where it is another."""
    product = await products.lock_product(session, product_id)
    if product is None:
        raise RefusedError(NotFound(message="There is no such product.", field=("input", field)))
    if expected_version is not None and product.version != expected_version:
        raise RefusedError(stale(current_version=product.version))
    return product


async def list_taken(session: AsyncSession, draft: ProductDraft, *, product_id: UUID) -> list[Refusal]:
    """What of the draft belongs to another product already."""
    faults: list[Refusal] = []
    if await products.find_taken_slug(session, slug=draft.slug, other_than=product_id):
        message = f"The slug {draft.slug} belongs to another product."
        faults.append(InvalidInput(code="TAKEN", message=message, field=("input", "slug")))
    reference = draft.external_reference
    if reference and await products.find_taken_reference(session, reference=reference, other_than=product_id):
        message = f"The external reference {reference} belongs to another product."
        faults.append(InvalidInput(code="TAKEN", message=message, field=("input", "externalReference")))
    return faults


async def list_missing(session: AsyncSession, *, category_id: UUID | None) -> list[Refusal]:
    """What the input names and isn't there."""
    if category_id is None or await products.find_category_id(session, category_id) is not None:
        return []
    return [NotFound(message="There is no such category.", field=("input", "categoryId"))]


def sanitise(html: str | None) -> str | None:
    """HTML without scripts, styles, handlers and other traps."""
    return None if html is None else nh3.clean(html)
