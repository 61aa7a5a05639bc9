"""Relay connections: what clients page through, from arguments to cursors.

`Paging` reads and checks the arguments; `Connection` holds one page and makes cursors only for those who ask for them.
`NestedList` pages through the lists of many parents by one statement.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import strawberry
from graphql import GraphQLError

from app.context import Context
from app.cursors import InvalidCursor
from app.engine.fields import batched
from app.loaders.pages import Page, PageRequest, Tally, keyset_from_json, keyset_to_json

DEFAULT_PAGE_SIZE = 20

First = Annotated[
    int | None, strawberry.argument(description="How many items from the start: at most 100, 20 if not given.")
]
After = Annotated[str | None, strawberry.argument(description="Only items after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many items from the end: at most 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only items before this cursor.")]

EDGES = "The items, each with a cursor of its own."
NODES = "The items."
PAGE_INFO = "Where this page lies in the list."
CURSOR = "Where to go on after this item."
NODE = "The item."

Item = TypeVar("Item")
CountFunction = Callable[[Sequence[Any]], Awaitable[Sequence[Tally]]]
"""``(parent ids) -> a tally for each``; the list of a root field has no parent and is counted for ``[None]``."""


@strawberry.enum(description="How precise a count is.")
class CountPrecision(Enum):
    EXACT = strawberry.enum_value("EXACT", description="There are just so many.")
    AT_LEAST = strawberry.enum_value("AT_LEAST", description="There are so many or more.")


@strawberry.type(description="How many items a list has, over all its pages.")
class Count:
    count: int = strawberry.field(description="The number of items.")
    precision: CountPrecision = strawberry.field(description="Whether the number is exact or a lower bound.")


@strawberry.type(description="Where a page lies in its list (Relay).")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether items follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether items precede this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item of the page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item of the page.")


@dataclass(frozen=True, slots=True)
class Edge(Generic[Item]):
    """An item and how to go on after it."""

    cursor: str
    node: Item


@dataclass(slots=True, kw_only=True)
class Connection(Generic[Item]):
    """One page of a list, as the default resolver reads it."""

    context: Context
    scope: str
    page: Page[Any]
    keyset_of: Callable[[Any], Sequence[Any]]
    count_all: CountFunction
    """Counts the lists of many parents at once; shared by the connections of one field."""
    parent_id: UUID | None = None

    @property
    def nodes(self) -> Sequence[Any]:
        """The items themselves."""
        return self.page.rows

    @property
    def edges(self) -> list[Edge[Any]]:
        """The items, each with its cursor."""
        return [Edge(self._cursor(row), row) for row in self.page.rows]

    @property
    def page_info(self) -> PageInfo:
        """Where the page lies; makes the two cursors at its ends."""
        rows = self.page.rows
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self._cursor(rows[0]) if rows else None,
            end_cursor=self._cursor(rows[-1]) if rows else None,
        )

    def _cursor(self, row: Any) -> str:
        values = keyset_to_json(self.keyset_of(row))
        return self.context.services.cursors.seal(scope=self.scope, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """The paging arguments of a connection, checked."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def request(self, context: Context, *, scope: str, kinds: Sequence[type]) -> PageRequest:
        """Which rows to read; raises a GraphQL error for a size or cursor that can't be used."""
        if self.first is not None and self.last is not None:
            raise bad_input("Give `first` or `last`, not both.")
        if self.after is not None and self.before is not None:
            raise bad_input("Give `after` or `before`, not both.")
        backward = self.last is not None or self.before is not None
        if backward and (self.first is not None or self.after is not None):
            raise bad_input("`last` goes with `before`, `first` with `after`.")
        name, size = ("last", self.last) if backward else ("first", self.first)
        largest = context.services.settings.limits.page_size
        if size is not None and not 0 <= size <= largest:
            raise bad_input(f"`{name}` must be between 0 and {largest}, not {size}.")
        return PageRequest(
            limit=DEFAULT_PAGE_SIZE if size is None else size,
            keyset=self._keyset(context, scope=scope, kinds=kinds),
            backward=backward,
        )

    def _keyset(self, context: Context, *, scope: str, kinds: Sequence[type]) -> tuple[Any, ...] | None:
        cursor = self.before if self.before is not None else self.after
        if cursor is None:
            return None
        try:
            return keyset_from_json(context.services.cursors.open(cursor, scope=scope), kinds)
        except InvalidCursor as error:
            raise GraphQLError(str(error), extensions={"code": "INVALID_CURSOR"}) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedList:
    """A list that each of many parents has: how it is named, sorted, read and counted."""

    name: str
    kinds: Sequence[type]
    keyset_of: Callable[[Any], Sequence[Any]]
    load: Callable[[Sequence[UUID], PageRequest], Awaitable[Sequence[Page[Any]]]]
    count_all: CountFunction

    async def connect(
        self, context: Context, *, parent_ids: Sequence[UUID], paging: Paging
    ) -> list[Connection[Any] | Exception]:
        """A connection for each parent, by one statement; an error where the cursor is another parent's."""
        requests: dict[UUID, PageRequest] = {}
        errors: dict[UUID, Exception] = {}
        for parent_id in dict.fromkeys(parent_ids):
            try:
                requests[parent_id] = paging.request(context, scope=self._scope(parent_id), kinds=self.kinds)
            except GraphQLError as error:
                errors[parent_id] = error
        pages: dict[UUID, Page[Any]] = {}
        if requests:
            # All requests are alike: they come from the same arguments.
            ids = list(requests)
            pages = dict(zip(ids, await self.load(ids, requests[ids[0]]), strict=True))
        return [errors.get(parent_id) or self._connection(context, parent_id, pages) for parent_id in parent_ids]

    def _scope(self, parent_id: UUID) -> str:
        return f"{self.name}:{parent_id.hex}"

    def _connection(self, context: Context, parent_id: UUID, pages: Mapping[UUID, Page[Any]]) -> Connection[Any]:
        return Connection(
            context=context,
            scope=self._scope(parent_id),
            page=pages[parent_id],
            keyset_of=self.keyset_of,
            count_all=self.count_all,
            parent_id=parent_id,
        )


@batched(description="How many items there are on all pages together.")
async def count(parents: list[Connection[Any]], context: Context) -> list[Count]:
    """Counts the lists of one field together, whatever the number of parents."""
    tallies: dict[int, Tally] = {}
    by_list: dict[CountFunction, list[Connection[Any]]] = {}
    for connection in parents:
        by_list.setdefault(connection.count_all, []).append(connection)
    for count_all, connections in by_list.items():
        found = await count_all([connection.parent_id for connection in connections])
        tallies.update(zip(map(id, connections), found, strict=True))
    return [counted(tallies[id(connection)]) for connection in parents]


def bad_input(message: str) -> GraphQLError:
    """The error for an argument that can't be used."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def counted(tally: Tally) -> Count:
    """A tally as clients see it."""
    return Count(count=tally.count, precision=CountPrecision.EXACT if tally.is_exact else CountPrecision.AT_LEAST)
