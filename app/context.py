"""What one GraphQL operation knows: who asks, in which channel and language, at what time, and its reads.

A context is made new for each operation, also on a websocket that carries many; its batches are renewed after each root field
of a mutation and for each event of a subscription.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from graphql import GraphQLError

from app.cursors import CursorSealer
from app.database import Database, OperationReads
from app.engine.batching import Batches
from app.loaders.pricing import ChannelRow, channels_by_slug
from app.settings import Settings

if TYPE_CHECKING:
    from app.events.tail import EventTail
    from app.ports.pubsub import PubSub
    from app.usecases.transactions import Transactions


class Permission(StrEnum):
    """What a client may be allowed to do."""

    CATALOG_READ_UNPUBLISHED = "catalog:read_unpublished"
    CATALOG_WRITE = "catalog:write"
    CATALOG_FOLLOW = "catalog:follow"
    INVENTORY_WRITE = "inventory:write"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: nobody in particular, or the sample staff of development."""

    name: str = "anonymous"
    permissions: frozenset[Permission] = frozenset()


ANONYMOUS = Caller()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of the running process that operations use."""

    settings: Settings
    database: Database
    cursors: CursorSealer
    tail: EventTail
    pubsub: PubSub
    transactions: Transactions
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]


@dataclass(slots=True, kw_only=True)
class Context:
    """The context of one operation, and the place where a transport leaves what it knows of the request."""

    services: Services
    caller: Caller = ANONYMOUS
    channel_slug: str | None = None
    locale: str | None = None
    country_code: str | None = None
    idempotency_key: str | None = None
    debug: bool = False
    """Whether the answer tells its SQL statements in ``extensions.sql``; in development only."""
    connection_params: Any = None
    """The payload of ``connection_init``, set by the websocket's handler."""
    reads: OperationReads = field(init=False)
    batches: Batches = field(init=False)
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        limits = self.services.settings.limits
        self.reads = OperationReads(database=self.services.database, connections=limits.connections_per_operation)
        self.batches = Batches(reader=self.reads)
        self.now = self.services.clock()

    def fresh(self) -> Context:
        """The same request's context for another operation: nothing that was read or decided in it is kept."""
        return Context(
            services=self.services,
            caller=self.caller,
            channel_slug=self.channel_slug,
            locale=self.locale,
            country_code=self.country_code,
            idempotency_key=self.idempotency_key,
            debug=self.debug,
        )

    def may(self, permission: Permission) -> bool:
        """Whether the caller has ``permission``."""
        return permission in self.caller.permissions

    def require(self, permission: Permission) -> None:
        """Raise a GraphQL error UNAUTHENTICATED or FORBIDDEN unless the caller has ``permission``."""
        if self.may(permission):
            return
        if self.caller is ANONYMOUS:
            raise GraphQLError(
                "Sign in first: this needs an Authorization header with a bearer token.",
                extensions={"code": "UNAUTHENTICATED"},
            )
        raise GraphQLError(f"You need the permission {permission.value}.", extensions={"code": "FORBIDDEN"})

    async def channel(self) -> ChannelRow:
        """The channel of the operation, or a GraphQL error where the client named one that doesn't exist."""
        slug = self.channel_slug or self.services.settings.default_channel
        row: ChannelRow | None = await self.batches.load(channels_by_slug, slug)
        if row is None:
            raise GraphQLError(f"There is no channel {slug!r}.", extensions={"code": "CHANNEL_NOT_FOUND"})
        return row
