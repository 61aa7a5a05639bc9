"""What every `PubSub` must do, shown on each adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.adapters.pubsub.memory import MemoryPubSub
from app.adapters.pubsub.valkey import ValkeyPubSub
from app.embedded.valkey import EmbeddedValkey
from app.ports.pubsub import PubSub, PubSubUnavailable

DEADLINE_SECONDS = 20.0


@pytest.fixture(params=["memory", "valkey"])
async def pubsub(request: pytest.FixtureRequest) -> AsyncIterator[PubSub]:
    adapter: PubSub
    if request.param == "memory":
        adapter = MemoryPubSub()
    else:
        valkey: EmbeddedValkey = request.getfixturevalue("valkey")
        adapter = ValkeyPubSub(url=valkey.url)
    yield adapter
    await adapter.close()


async def following(messages: AsyncIterator[str], number: int) -> list[str]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        return [await anext(messages) for _ in range(number)]


async def test_delivers_in_order_what_is_published_once_listening(pubsub: PubSub) -> None:
    await pubsub.publish(channel="order", message="before")
    async with pubsub.subscribe("order") as messages:
        for number in range(100):
            await pubsub.publish(channel="order", message=f"å{number}")
        assert await following(messages, 100) == [f"å{number}" for number in range(100)]


async def test_delivers_to_each_listener(pubsub: PubSub) -> None:
    async with pubsub.subscribe("all") as first, pubsub.subscribe("all") as second:
        await pubsub.publish(channel="all", message="x")
        assert await following(first, 1) == await following(second, 1) == ["x"]


async def test_keeps_channels_apart(pubsub: PubSub) -> None:
    async with pubsub.subscribe("mine") as messages:
        await pubsub.publish(channel="other", message="not mine")
        await pubsub.publish(channel="mine", message="mine")
        assert await following(messages, 1) == ["mine"]


async def test_publishes_to_nobody(pubsub: PubSub) -> None:
    await pubsub.publish(channel="nobody", message="x")


async def test_stops_listening_at_the_end_of_the_block(pubsub: PubSub) -> None:
    for number in range(50):
        async with pubsub.subscribe("again") as messages:
            await pubsub.publish(channel="again", message=str(number))
            assert await following(messages, 1) == [str(number)]


async def test_says_that_valkey_is_away(own_valkey: EmbeddedValkey) -> None:
    pubsub = ValkeyPubSub(url=own_valkey.url)
    async with pubsub.subscribe("gone") as messages:
        await pubsub.publish(channel="gone", message="x")
        assert await following(messages, 1) == ["x"]
        own_valkey.stop()
        with pytest.raises(PubSubUnavailable):
            await following(messages, 1)
    with pytest.raises(PubSubUnavailable):
        await pubsub.publish(channel="gone", message="x")
    with pytest.raises(PubSubUnavailable):
        async with pubsub.subscribe("gone"):
            pass
    own_valkey.start()
    async with pubsub.subscribe("gone") as messages:
        await pubsub.publish(channel="gone", message="y")
        assert await following(messages, 1) == ["y"]
    await pubsub.close()


async def test_is_cancelled_at_any_moment(valkey: EmbeddedValkey) -> None:
    # A client that swallows one cancellation in a hundred keeps a process from ending, now and then.
    async def listen() -> None:
        pubsub = ValkeyPubSub(url=valkey.url)
        try:
            async with pubsub.subscribe("cancelled") as messages:
                await anext(messages)
        finally:
            await pubsub.close()

    for number in range(300):
        task = asyncio.create_task(listen())
        await asyncio.sleep(number * 0.00001)
        task.cancel()
        await asyncio.wait([task], timeout=DEADLINE_SECONDS)
        assert task.done()
