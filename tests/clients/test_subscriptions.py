from __future__ import annotations

import asyncio
from itertools import count
from typing import Literal

import pytest

from tests.clients.catalogue import Catalogue, Server
from tests.clients.npm import NpmClients, Subscriber

_ADDRESSES = {"ws": "/graphql", "sse": "/graphql/stream"}
transports = pytest.mark.parametrize("transport", ["ws", "sse"])


async def _rename_until_heard(*, catalogue: Catalogue, product_id: str, subscriber: Subscriber) -> None:
    """Renames a product until the subscriber hears of it: when it began to listen can't be seen from outside."""
    async with asyncio.timeout(60):
        for number in count(1):
            await catalogue.rename(product_id=product_id, name=f"Heard {number}")
            for _ in range(20):
                if subscriber.has_result:
                    return
                await asyncio.sleep(0.05)


@transports
async def test_tells_a_subscriber_of_a_change(
    server: Server, npm_clients: NpmClients, transport: Literal["ws", "sse"]
) -> None:
    catalogue = Catalogue(server)
    product = (await catalogue.products(first=1))[0]
    url = server.url + _ADDRESSES[transport]

    async with npm_clients.subscribe(transport=transport, url=url, token=server.staff_token, count=1) as subscriber:
        await _rename_until_heard(catalogue=catalogue, product_id=product["id"], subscriber=subscriber)
        change = await subscriber.next()
        await subscriber.end()

    assert change["entity"]["id"] == product["id"]
    assert change["entity"]["name"].startswith("Heard ")
    assert change["event"] and change["cursor"]


@transports
async def test_resumes_after_a_cursor_without_loss_or_repetition(
    server: Server, npm_clients: NpmClients, transport: Literal["ws", "sse"]
) -> None:
    catalogue = Catalogue(server)
    first, second = await catalogue.products(first=2)
    url = server.url + _ADDRESSES[transport]
    async with npm_clients.subscribe(transport=transport, url=url, token=server.staff_token, count=1) as subscriber:
        await _rename_until_heard(catalogue=catalogue, product_id=first["id"], subscriber=subscriber)
        heard = await subscriber.next()

    # Nobody listens now. The last change is of the first product again: it marks the end.
    for number in range(3):
        await catalogue.rename(product_id=second["id"], name=f"Missed {number}")
    await catalogue.rename(product_id=first["id"], name="The end")

    async with npm_clients.subscribe(
        transport=transport, url=url, token=server.staff_token, count=100, after=heard["cursor"]
    ) as subscriber:
        changes = [await subscriber.next()]
        while (
            second["id"] not in [change["entity"]["id"] for change in changes]
            or changes[-1]["entity"]["id"] != first["id"]
        ):
            changes.append(await subscriber.next())

    cursors = [heard["cursor"], *(change["cursor"] for change in changes)]
    assert len(set(cursors)) == len(cursors)
    # The loop above may have renamed the first product once more after it was heard: such changes stand in front.
    assert [change["entity"]["id"] for change in changes[-4:]] == [second["id"]] * 3 + [first["id"]]
    assert {change["entity"]["id"] for change in changes[:-4]} <= {first["id"]}


@transports
async def test_refuses_a_subscriber_without_the_staff_token(
    server: Server, npm_clients: NpmClients, transport: Literal["ws", "sse"]
) -> None:
    url = server.url + _ADDRESSES[transport]
    async with npm_clients.subscribe(transport=transport, url=url, token="forged", count=1) as subscriber:
        with pytest.raises(AssertionError, match=r"(?i)staff|forbidden|unauth|permission"):
            await subscriber.next()
