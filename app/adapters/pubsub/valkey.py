"""Messages through Valkey (or Redis), between all processes of a shop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub as Subscription
from redis.exceptions import RedisError

from app.ports.pubsub import PubSubUnavailable

_CONNECT_SECONDS = 2.0
_REPLY_SECONDS = 2.0
# A silent connection is asked for a sign of life; a network that swallows packets would otherwise look like peace.
_ALIVE_SECONDS = 15.0
# Channels are shared by all databases of one Valkey, so ours carry our name.
_PREFIX = "tradepost:"


class ValkeyPubSub:
    """A `PubSub` on one Valkey; each subscription has a connection of its own."""

    def __init__(self, *, url: str) -> None:
        self._client: Redis = Redis.from_url(
            url,
            socket_connect_timeout=_CONNECT_SECONDS,
            # No socket_timeout: before Python 3.12 redis-py would send by an asyncio.wait_for that may swallow a
            # cancellation. The timeouts are set around the calls instead.
            decode_responses=True,
        )

    async def publish(self, *, channel: str, message: str) -> None:
        """Send the message; nobody knows who got it."""
        try:
            async with asyncio.timeout(_REPLY_SECONDS):
                await self._client.publish(_PREFIX + channel, message)
        except (RedisError, OSError) as error:
            raise PubSubUnavailable(str(error)) from error

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        """Listen once Valkey has confirmed it, so that what is published afterwards arrives."""
        subscription: Subscription = self._client.pubsub()
        try:
            try:
                async with asyncio.timeout(_REPLY_SECONDS):
                    await subscription.subscribe(_PREFIX + channel)
                confirmed = await subscription.get_message(timeout=_REPLY_SECONDS)
            except (RedisError, OSError) as error:
                raise PubSubUnavailable(str(error)) from error
            if confirmed is None:
                raise PubSubUnavailable("Valkey doesn't answer")
            yield _messages(subscription)
        finally:
            await subscription.aclose()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


async def _messages(subscription: Subscription) -> AsyncIterator[str]:
    asked = False
    while True:
        try:
            message: dict[str, Any] | None = await subscription.get_message(
                ignore_subscribe_messages=True, timeout=_REPLY_SECONDS if asked else _ALIVE_SECONDS
            )
            if message is None and not asked:
                await subscription.ping()
        except (RedisError, OSError) as error:
            raise PubSubUnavailable(str(error)) from error
        if message is None and asked:
            raise PubSubUnavailable("Valkey doesn't answer")
        asked = message is None
        if message is not None and message["type"] == "message":
            yield message["data"]
