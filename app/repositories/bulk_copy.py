"""Rows in bulk by PostgreSQL's COPY: for a whole shop at once, where even one statement for a thousand rows is slow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import asyncpg
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.base import Model


async def begin_bulk(session: AsyncSession) -> None:
    """Prepare the session's transaction for COPY, which may take longer than a statement usually may."""
    await session.execute(text("SET LOCAL statement_timeout = 0"))


async def is_catalogue_empty(session: AsyncSession) -> bool:
    """Whether there is neither a product nor a category; nobody else can add one until the end of the transaction."""
    await session.execute(text("LOCK TABLE categories, products IN SHARE ROW EXCLUSIVE MODE"))
    found = await session.execute(text("SELECT EXISTS (SELECT FROM products) OR EXISTS (SELECT FROM categories)"))
    return not found.scalar_one()


async def copy_rows(
    session: AsyncSession, *, model: type[Model], columns: Sequence[str], records: Iterable[Sequence[Any]]
) -> None:
    """Add records in the order of ``columns``; values of JSON columns are given as text."""
    # The driver's own connection, in the transaction that SQLAlchemy has begun on it with `begin_bulk`.
    raw = await (await session.connection()).get_raw_connection()
    connection = cast("asyncpg.Connection[Any]", raw.driver_connection)
    await connection.copy_records_to_table(cast(Table, model.__table__).name, columns=columns, records=records)


async def draw_positions(session: AsyncSession, count: int) -> list[int]:
    """Positions for that many events, drawn in this transaction as any writer's are.

    COPY doesn't return what it draws, and the inbox needs to know; it may give an identity column its values, though.
    """
    drawn = await session.execute(
        text("SELECT nextval(pg_get_serial_sequence('events', 'position')) FROM generate_series(1, :count)"),
        {"count": count},
    )
    return sorted(drawn.scalars())


async def analyse(session: AsyncSession, models: Sequence[type[Model]]) -> None:
    """Let the planner know of what came in, which it would else learn a minute later."""
    names = ", ".join(cast(Table, model.__table__).name for model in models)
    await session.execute(text(f"ANALYZE {names}"))
