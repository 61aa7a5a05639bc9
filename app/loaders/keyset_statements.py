"""Statements that read pages by keyset: of one list, or of the lists of many parents at once.

A page of each of many parents is one LATERAL join: PostgreSQL reads a page's worth of index entries for each parent, and the
number of statements does not grow with the number of parents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from sqlalchemy import Integer, Select, Uuid, bindparam, column, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from app.database import Reader, Row, Statement
from app.loaders.ordering import many_each
from app.loaders.pages import Page, PageRequest

AnyRow = TypeVar("AnyRow", bound=Row)


def paged(
    statement: Select[Any], *, keys: Sequence[tuple[Any, Any]], descending: bool, keyset: bool, backward: bool
) -> Select[Any]:
    """Order, keyset condition and limit for a list sorted by ``keys`` ((column, type) with the id last)."""
    falling = descending != backward
    columns = [key for key, _ in keys]
    if keyset:
        after = tuple_(*(bindparam(f"after_{at}", type_=kind) for at, (_, kind) in enumerate(keys)))
        row = tuple_(*columns)
        statement = statement.where(row < after if falling else row > after)
    ordered = [key.desc() if falling else key.asc() for key in columns]
    return statement.order_by(*ordered).limit(bindparam("limit", type_=Integer))


def page_values(page: PageRequest) -> dict[str, Any]:
    """The parameters that `paged` leaves open: one row more than the page, to see whether there are more."""
    keyset = {f"after_{at}": value for at, value in enumerate(page.keyset or ())}
    return {**keyset, "limit": page.limit + 1}


def of_parents(inner: Select[Any], *, parents: Any) -> Select[Any]:
    """``inner``, once for each of the parents that it is correlated with.

    A lateral subquery with a limit can only be run as a nested loop, parent by parent, which keeps its rows in order.
    """
    page = inner.correlate(parents).lateral("page")
    return select(parents.c.parent_id, *page.c).select_from(parents.join(page, true()))


def parents_table() -> Any:
    """The ids of the parents, as a table to join with."""
    return (
        func.unnest(bindparam("parent_ids", type_=ARRAY(Uuid)))
        .table_valued(column("parent_id", Uuid))
        .render_derived(name="parents")
    )


class CountRow(Row):
    """A number of rows."""

    if TYPE_CHECKING:
        parent_id: UUID
        counted: int


async def pages_of_parents(
    reader: Reader,
    statement: Statement,
    row: type[AnyRow],
    ids: Sequence[UUID],
    page: PageRequest,
    values: Mapping[str, Any],
) -> list[Page[AnyRow]]:
    """One page for each parent, in the order of ``ids``."""
    rows = await reader.fetch(statement, row, {"parent_ids": ids, **values, **page_values(page)})
    by_parent = many_each(keys=ids, rows=rows, key=lambda found: found.parent_id)
    return [Page.of(own, page) for own in by_parent]
