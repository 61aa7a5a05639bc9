"""The server while PostgreSQL or Valkey is away: clear errors, and recovery by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli.migrations import upgrade
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from tests.conftest import STAFF_TOKEN, open_shop
from tests.server import Server, run_server

DEADLINE_SECONDS = 60
LIST = "{ products { nodes { name } } }"
CREATE = """mutation Create($name: String!) {
  productCreate(input: {name: $name, variants: [{price: "1"}]}) { product { id } userErrors { code } }
}"""


async def ask(server: Server, document: str, **variables: Any) -> dict[str, Any]:
    """The answer to a document, run by staff."""
    headers = {"Authorization": f"Bearer {server.staff_token}"}
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.post(
            f"{server.url}/graphql", json={"query": document, "variables": variables}, headers=headers
        )
    assert response.status_code != 500, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until it is so; fails at the deadline."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():
            await asyncio.sleep(0.05)


async def readiness(server: Server) -> dict[str, str]:
    """Each part's state."""
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.get(f"{server.url}/health/ready")
    parts: dict[str, str] = response.json()["parts"]
    assert (response.status_code == 200) == all(state == "ready" for state in parts.values())
    return parts


class Shop:
    """A server with a PostgreSQL and a Valkey of its own, which a test may kill."""

    def __init__(self, *, server: Server, postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
        self.server, self.postgres, self.valkey = server, postgres, valkey

    def codes(self, answer: dict[str, Any]) -> set[str]:
        """The codes of an answer's errors."""
        return {error["extensions"]["code"] for error in answer.get("errors", [])}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    with EmbeddedPostgres(tmp_path / "postgres") as postgres, EmbeddedValkey(tmp_path / "valkey") as valkey:
        await upgrade(url=postgres.url, on_progress=lambda _: None)
        await open_shop(postgres.url)
        with run_server(
            database_url=postgres.url, redis_url=valkey.url, staff_token=STAFF_TOKEN, data_dir=tmp_path
        ) as server:
            yield Shop(server=server, postgres=postgres, valkey=valkey)


async def test_says_so_while_postgresql_is_away_and_recovers_by_itself(shop: Shop) -> None:
    created = await ask(shop.server, CREATE, name="Before")
    assert created["data"]["productCreate"]["userErrors"] == []
    os.kill(shop.postgres.pid, signal.SIGKILL)

    during = await ask(shop.server, LIST)
    assert shop.codes(during) == {"SERVICE_UNAVAILABLE"}
    refused = await ask(shop.server, CREATE, name="During")
    assert shop.codes(refused) == {"SERVICE_UNAVAILABLE"}
    assert "ready" not in {(await readiness(shop.server))["postgresql"]}

    shop.postgres.stop()
    shop.postgres.start()

    async def answers() -> bool:
        return "errors" not in await ask(shop.server, LIST)

    await until(answers)
    # The first write after the outage works too: no dead connection is left in its pool.
    after = await ask(shop.server, CREATE, name="After")
    assert "errors" not in after
    listed = await ask(shop.server, LIST)
    assert [node["name"] for node in listed["data"]["products"]["nodes"]] == ["Before", "After"]
    assert set((await readiness(shop.server)).values()) == {"ready"}


async def test_goes_on_serving_while_valkey_is_away_and_relays_afterwards(shop: Shop) -> None:
    os.kill(shop.valkey.pid, signal.SIGKILL)

    async def notices() -> bool:
        return (await readiness(shop.server))["valkey"] != "ready"

    await until(notices)
    assert "errors" not in await ask(shop.server, CREATE, name="While Valkey was away")
    shop.valkey.stop()
    shop.valkey.start()

    async def is_listed() -> bool:
        answer = await ask(shop.server, "{ products(sortKey: PRICE) { nodes { name } } }")
        return [node["name"] for node in answer["data"]["products"]["nodes"]] == ["While Valkey was away"]

    await until(is_listed)


async def test_refreshes_listings_through_log_relay_and_worker(shop: Shop) -> None:
    """A list sorted by price knows a product once the relay has passed, and its new price once it has passed again."""
    await ask(shop.server, CREATE, name="Cheap")

    async def is_listed() -> bool:
        answer = await ask(shop.server, "{ products(sortKey: PRICE, filter: {status: [DRAFT]}) { nodes { name } } }")
        return bool(answer["data"]["products"]["nodes"])

    await until(is_listed)
