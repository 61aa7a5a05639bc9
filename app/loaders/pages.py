"""Pages of a list by keyset: after a row rather than after a count, so that page 1,000 costs what page 1 does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from app.database import Row

AnyRow = TypeVar("AnyRow", bound=Row)

COUNT_LIMIT = 10_000
"""Up to here a count is exact; above it says AT_LEAST, since counting all of a large list is slower than showing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which rows of a list: ``limit`` of them after ``keyset``, or before it when ``backward``."""

    limit: int
    keyset: tuple[Any, ...] | None = None
    """Values of the sort key and the id of a row, in the types of their columns."""
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[AnyRow]):
    """The rows of a page, in the list's order, and whether there are more on either side."""

    rows: Sequence[AnyRow]
    has_next: bool
    has_previous: bool

    @classmethod
    def of(cls, rows: Sequence[AnyRow], request: PageRequest) -> Page[AnyRow]:
        """Cut the one row that was read beyond the page, and bring rows that were read backward into order."""
        more, rows = len(rows) > request.limit, rows[: request.limit]
        given = request.keyset is not None
        if request.backward:
            return cls(rows[::-1], has_next=given, has_previous=more)
        return cls(rows, has_next=more, has_previous=given)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows a list has, and whether that is all of them."""

    count: int
    is_exact: bool

    @classmethod
    def of(cls, counted: int) -> Tally:
        """From a count that stopped one above `COUNT_LIMIT`."""
        return cls(min(counted, COUNT_LIMIT), counted <= COUNT_LIMIT)


def keyset_to_json(values: Sequence[Any]) -> list[Any]:
    """Values of a keyset as a cursor can carry them."""
    return [
        value.isoformat() if isinstance(value, datetime) else str(value) if isinstance(value, UUID) else value
        for value in values
    ]


def keyset_from_json(values: Sequence[Any], kinds: Sequence[type]) -> tuple[Any, ...]:
    """The inverse of `keyset_to_json`, given the columns' types."""
    read: dict[type, Callable[[Any], Any]] = {datetime: datetime.fromisoformat, UUID: UUID}
    return tuple(read.get(kind, kind)(value) for value, kind in zip(values, kinds, strict=True))
