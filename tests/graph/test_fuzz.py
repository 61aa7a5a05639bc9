"""Whatever a client sends, nothing breaks: no 500, and no error without a code that is documented."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.graph import build_graph
from app.settings import Settings
from tests.api import Api
from tests.conftest import STAFF_TOKEN, execute, named, open_shop
from tests.graph.conftest import api_of, filled_shop
from tests.graph.documents import Known, anything, operations
from tests.graph.shops import Shop
from tests.server import Server, run_server
from tests.shop import fill_shop

# A failure is shrunk to what matters of it, which takes minutes; a success takes seconds.
pytestmark = pytest.mark.timeout(600)
_SCHEMA = build_graph(Settings())._schema
_ERRORS_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
DOCUMENTED = set(re.findall(r"^\| `([A-Z_]+)` \|", _ERRORS_PAGE.read_text(), re.MULTILINE))
OUR_FAULT = {"INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT"}
_HEADERS = {"Authorization": f"Bearer {STAFF_TOKEN}", "Content-Type": "application/json"}
_TOKENS = (
    "",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "...",
    "$",
    "@",
    "!",
    ":",
    '"',
    '"""',
    "#",
    "on",
    "\0",
    "\ufeff",
    "\\u0000",
)
# In CI the examples are the same each time, so that a red run means a change; the long run is different each time.
_SHORT = settings(
    derandomize=True,
    max_examples=200,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


# About an hour on two cores.
_MANY = int(os.environ.get("TRADEPOST_FUZZ_EXAMPLES", "200000"))


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A shop, and documents that ask for what is in it."""

    api: Api
    operations: st.SearchStrategy[tuple[str, dict[str, Any]]]


@pytest_asyncio.fixture(scope="module")
async def fuzzed(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> AsyncIterator[Fuzzed]:
    """A shop of its own, which may end up in any state, and what there was in it."""
    async with filled_shop(postgres, valkey, name="fuzzed", size=4) as shop, api_of(shop) as api:
        yield Fuzzed(api, operations(schema=_SCHEMA, known=await _known(shop)))


async def _known(shop: Shop) -> Known:
    page = (
        await shop.api.run("{ products(first: 1) { pageInfo { endCursor } nodes { variants { nodes { sku } } } } }")
    ).data
    cursor = page["products"]["pageInfo"]["endCursor"]
    texts = [slug for slugs in shop.slugs.values() for slug in slugs]
    return Known(
        [id for ids in shop.ids.values() for id in ids], [*texts, cursor, "SKU-0-1", "Size", "0", "main", "one"]
    )


def _body(**fields: Any) -> bytes:
    # Not by orjson, which refuses to write the numbers that it is to be asked to read.
    return json.dumps(fields, ensure_ascii=False).encode()


async def _send(api: Api, body: bytes) -> None:
    response = await api.client.post("/graphql", content=body, headers=_HEADERS)
    _check(response.status_code, response.json())


def _check(status: int, answer: dict[str, Any]) -> None:
    note(f"{status} {answer}")
    assert status < 500
    assert answer.get("data") is not None or answer["errors"]
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    assert not codes & OUR_FAULT
    assert codes <= DOCUMENTED


async def _run(fuzzed: Fuzzed, data: st.DataObject) -> None:
    document, variables = data.draw(fuzzed.operations)
    await _send(fuzzed.api, _body(query=document, variables=variables))


@_SHORT
@given(data=st.data())
async def test_answers_every_document_that_the_schema_makes(fuzzed: Fuzzed, data: st.DataObject) -> None:
    await _run(fuzzed, data)


@_SHORT
@given(data=st.data())
async def test_answers_every_document_that_is_nearly_one(fuzzed: Fuzzed, data: st.DataObject) -> None:
    document, variables = data.draw(fuzzed.operations)
    start = data.draw(st.integers(0, len(document)))
    end = data.draw(st.integers(start, min(len(document), start + 10)))
    document = document[:start] + data.draw(st.sampled_from(_TOKENS)) + document[end:]
    await _send(fuzzed.api, _body(query=document, variables=variables))


@_SHORT
@given(body=st.dictionaries(st.sampled_from(["query", "variables", "operationName", "extensions"]), anything()))
async def test_answers_every_request_that_is_json(fuzzed: Fuzzed, body: dict[str, Any]) -> None:
    await _send(fuzzed.api, _body(**body))


@_SHORT
@given(body=st.binary(max_size=100))
async def test_answers_every_request_that_is_none(fuzzed: Fuzzed, body: bytes) -> None:
    await _send(fuzzed.api, body)


@pytest.mark.long
@pytest.mark.timeout(2 * 3600)
@settings(_SHORT, derandomize=False, max_examples=_MANY, print_blob=True)
@given(data=st.data())
async def test_answers_documents_for_an_hour(fuzzed: Fuzzed, data: st.DataObject) -> None:
    await _run(fuzzed, data)


@pytest.fixture
def exposed(postgres: EmbeddedPostgres, valkey: EmbeddedValkey, tmp_path: Path) -> Iterator[Server]:
    """A server of its own, since what writes by chance spoils the shop for others."""
    asyncio.run(execute(named(postgres.url, "postgres"), "CREATE DATABASE exposed TEMPLATE migrated"))
    url = named(postgres.url, "exposed")
    asyncio.run(open_shop(url))
    with run_server(
        database_url=url, redis_url=valkey.url, staff_token=STAFF_TOKEN, data_dir=tmp_path, with_worker=False
    ) as server:
        fill_shop(server)
        yield server


def test_answers_every_request_of_schemathesis(exposed: Server) -> None:
    # Not by its own command, which takes every null with an error for a fault of the server.
    schema = schemathesis.graphql.from_url(f"{exposed.url}/graphql")

    with requests.Session() as session:

        @settings(_SHORT, max_examples=200)
        @given(case=schema.as_strategy())
        def send(case: schemathesis.Case[Any]) -> None:
            response = case.call(session=session, headers={"Authorization": f"Bearer {STAFF_TOKEN}"})
            _check(response.status_code, response.json())

        send()
