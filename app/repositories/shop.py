"""Writes of what a shop is set up with: channels and warehouses."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.inventory import Warehouse
from app.models.pricing import Channel


async def add_first_channel(session: AsyncSession, *, id: UUID, slug: str, currency_code: str) -> Channel:
    """The channel with this slug, added where there is none."""
    name = slug.replace("-", " ").title()
    values = {"id": id, "slug": slug, "name": name, "currency_code": currency_code, "prices_include_tax": False}
    await session.execute(insert(Channel).values(values).on_conflict_do_nothing(index_elements=["slug"]))
    return (await session.execute(select(Channel).where(Channel.slug == slug))).scalar_one()


async def add_first_warehouse(session: AsyncSession, *, id: UUID, slug: str) -> UUID:
    """The id of the warehouse with this slug, added where there is none."""
    values = {"id": id, "slug": slug, "name": slug.replace("-", " ").title()}
    await session.execute(insert(Warehouse).values(values).on_conflict_do_nothing(index_elements=["slug"]))
    return (await session.execute(select(Warehouse.id).where(Warehouse.slug == slug))).scalar_one()
