"""Each request that is none gets its clear answer, by the GraphQL-over-HTTP specification and the fetch metadata of browsers."""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx
import orjson
import pytest

from tests.api import Api

_JSON = {"Content-Type": "application/json"}
_STREAM = {**_JSON, "Accept": "text/event-stream"}
_MUTATION = 'mutation { productDelete(input: { id: "x" }) { deletedId } }'
_FOLLOW = "subscription { catalogChanged { event } }"


class Case(NamedTuple):
    """A request, and the status and error of its answer."""

    name: str
    status: int
    code: str
    words: str
    body: bytes = b""
    headers: dict[str, Any] = _JSON
    method: str = "POST"
    path: str = "/graphql"


def _json(**body: object) -> bytes:
    return orjson.dumps(body)


def _query(**parameters: str) -> str:
    return f"/graphql?{httpx.QueryParams(parameters)}"


_NESTED = b'{"query":"{__typename}","variables":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001
_ACCEPTS = "Accept application/graphql-response+json or application/json"
_CASES = [
    Case("no body", 400, "BAD_REQUEST", "as JSON"),
    Case("half a body", 400, "BAD_REQUEST", "as JSON", b'{"query'),
    Case("a body that is no UTF-8", 400, "BAD_REQUEST", "as JSON", b'{"query":"\xff"}'),
    Case("a lone surrogate", 400, "BAD_REQUEST", "as JSON", b'{"query":"{a}","variables":{"a":"\\ud800"}}'),
    Case("NaN", 400, "BAD_REQUEST", "as JSON", b'{"query":"{a}","variables":{"a":NaN}}'),
    Case("Infinity", 400, "BAD_REQUEST", "as JSON", b'{"query":"{a}","variables":{"a":Infinity}}'),
    Case("100,000 levels of JSON", 400, "BAD_REQUEST", "as JSON", _NESTED),
    Case("a number", 400, "BAD_REQUEST", "must be a JSON object", b"5"),
    Case("a text", 400, "BAD_REQUEST", "must be a JSON object", b'"{ __typename }"'),
    Case("null", 400, "BAD_REQUEST", "must be a JSON object", b"null"),
    Case("a batch", 400, "BAD_REQUEST", "must be a JSON object", b'[{"query":"{__typename}"}]'),
    Case("no query", 400, "BAD_REQUEST", "no `query`", b"{}"),
    Case("an empty query", 400, "BAD_REQUEST", "no `query`", _json(query="")),
    Case("a query that is a number", 400, "BAD_REQUEST", "`query` must be a string", _json(query=5)),
    Case("variables that are a text", 400, "BAD_REQUEST", "`variables` must be", _json(query="{a}", variables="x")),
    Case("variables that are a list", 400, "BAD_REQUEST", "`variables` must be", _json(query="{a}", variables=[1])),
    Case("extensions that are a text", 400, "BAD_REQUEST", "`extensions` must", _json(query="{a}", extensions="x")),
    Case("a name that is a number", 400, "BAD_REQUEST", "`operationName` must", _json(query="{a}", operationName=5)),
    Case("an unknown name", 400, "BAD_REQUEST", 'no operation named "B"',
         _json(query="query A { __typename }", operationName="B")),
    Case("fragments only", 400, "BAD_REQUEST", "no operation", _json(query="fragment A on Query { __typename }")),
    Case("a subscription", 400, "BAD_REQUEST", "over SSE at /graphql/stream", _json(query=_FOLLOW)),
    Case("a text/plain body", 415, "UNSUPPORTED_MEDIA_TYPE", "application/json", _json(query="{__typename}"),
         {"Content-Type": "text/plain"}),
    Case("a form", 415, "UNSUPPORTED_MEDIA_TYPE", "application/json", b"query={__typename}",
         {"Content-Type": "application/x-www-form-urlencoded"}),
    Case("a multipart form", 415, "UNSUPPORTED_MEDIA_TYPE", "application/json", b"--x--",
         {"Content-Type": "multipart/form-data; boundary=x"}),
    Case("a body of no type", 415, "UNSUPPORTED_MEDIA_TYPE", "application/json", _json(query="{__typename}"), {}),
    Case("UTF-16", 415, "UNSUPPORTED_MEDIA_TYPE", "UTF-8", b"x", {"Content-Type": "application/json; charset=utf-16"}),
    Case("a client of HTML", 406, "NOT_ACCEPTABLE", _ACCEPTS, _json(query="{__typename}"),
         {**_JSON, "Accept": "text/html"}),
    Case("PUT", 405, "METHOD_NOT_ALLOWED", "GET and POST", _json(query="{__typename}"), method="PUT"),
    Case("DELETE", 405, "METHOD_NOT_ALLOWED", "GET and POST", method="DELETE"),
    Case("a preflight from nowhere known", 405, "METHOD_NOT_ALLOWED", "GET and POST", method="OPTIONS",
         headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}),
    Case("a mutation by GET", 405, "METHOD_NOT_ALLOWED", "GET is for queries only", method="GET",
         path=_query(query=_MUTATION), headers={}),
    Case("a mutation by GET, named", 405, "METHOD_NOT_ALLOWED", "GET is for queries only", method="GET", headers={},
         path=_query(query=f"query A {{ __typename }} {_MUTATION.replace('mutation', 'mutation B')}", operationName="B")),
    Case("GET without a query", 400, "BAD_REQUEST", "no `query`", method="GET", headers={}),
    Case("GET with variables that are no JSON", 400, "BAD_REQUEST", "as JSON", method="GET", headers={},
         path=_query(query="{__typename}", variables="{")),
    Case("a page of another site", 403, "CROSS_SITE_REQUEST", "TRADEPOST_CORS_ORIGINS", method="GET",
         path=_query(query="{__typename}"), headers={"Sec-Fetch-Site": "cross-site"}),
    Case("a page of the same site", 403, "CROSS_SITE_REQUEST", "TRADEPOST_CORS_ORIGINS", method="GET",
         path=_query(query="{__typename}"), headers={"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example"}),
    Case("a forged token", 401, "UNAUTHENTICATED", "isn't valid", _json(query="{__typename}"),
         {**_JSON, "Authorization": "Bearer forged"}),
    Case("a token of bytes", 401, "UNAUTHENTICATED", "isn't valid", _json(query="{__typename}"),
         {**_JSON, "Authorization": b"Bearer \xff\xfe"}),
    Case("a password", 401, "UNAUTHENTICATED", "isn't valid", _json(query="{__typename}"),
         {**_JSON, "Authorization": "Basic eDp5"}),
    Case("a key of 256 characters", 400, "BAD_REQUEST", "at most 255 characters", _json(query="{__typename}"),
         {**_JSON, "Idempotency-Key": "x" * 256}),
    Case("a body of 1,000,001 bytes", 413, "BODY_TOO_LARGE", "more than 1000000 bytes", b" " * 1_000_001),
    Case("a stream for one who takes none", 406, "NOT_ACCEPTABLE", "text/event-stream", _json(query=_FOLLOW),
         path="/graphql/stream"),
    Case("a stream with a forged token", 401, "UNAUTHENTICATED", "isn't valid", _json(query=_FOLLOW),
         {**_STREAM, "Authorization": "Bearer forged"}, path="/graphql/stream"),
    Case("a stream for a page of another site", 403, "CROSS_SITE_REQUEST", "other origins", method="GET",
         headers={**_STREAM, "Sec-Fetch-Site": "cross-site"},
         path=_query(query="{__typename}").replace("?", "/stream?")),
]  # fmt: skip
_STREAMED = [
    Case("a guest", 200, "UNAUTHENTICATED", "Authorization header", _json(query=_FOLLOW)),
    Case("a guest who deletes", 200, "UNAUTHENTICATED", "Authorization header", _json(query=_MUTATION)),
    Case("a mutation by GET", 200, "BAD_REQUEST", "GET is for queries only", method="GET", path=_query(query=_MUTATION)),
    Case("an unknown name", 200, "BAD_REQUEST", 'named "B"', _json(query="query A { __typename }", operationName="B")),
    Case("no query", 200, "BAD_REQUEST", "no `query`", b"{}"),
    Case("several operations", 200, "BAD_USER_INPUT", "operationName", _json(query="query A{__typename} query B{__typename}")),
    Case("too many tokens", 200, "DOCUMENT_LIMIT_EXCEEDED", "tokens", _json(query="{" + " id" * 10_001 + "}")),
]  # fmt: skip


@pytest.mark.parametrize("case", _CASES, ids=[case.name for case in _CASES])
async def test_refuses_a_request(case: Case, limited_api: Api) -> None:
    answer = await limited_api.client.request(case.method, case.path, content=case.body, headers=case.headers)

    error = answer.json()["errors"][0]
    assert (answer.status_code, error["extensions"]["code"]) == (case.status, case.code)
    assert case.words in error["message"]
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("allow" in answer.headers) is (case.status == 405)
    assert ("www-authenticate" in answer.headers) is (case.status == 401)


@pytest.mark.parametrize("case", _STREAMED, ids=[case.name for case in _STREAMED])
async def test_refuses_on_a_stream(case: Case, limited_api: Api) -> None:
    path = case.path.replace("/graphql", "/graphql/stream")
    answer = await limited_api.client.request(case.method, path, content=case.body, headers=_STREAM)

    first, last = (block for block in answer.text.replace("\r", "").split("\n\n") if block.startswith("event: "))
    error = orjson.loads(first.removeprefix("event: next\ndata: "))["errors"][0]
    assert (answer.status_code, error["extensions"]["code"]) == (200, case.code)
    assert case.words in error["message"]
    assert last.startswith("event: complete")


async def test_answers_in_the_type_that_the_client_asks_for(limited_api: Api) -> None:
    for accept, media_type, status in [
        ("application/graphql-response+json", "application/graphql-response+json", 400),
        ("application/json", "application/json", 200),
        ("*/*", "application/json", 200),
        ("application/graphql-response+json;q=0.1, application/json", "application/json", 200),
    ]:
        answer = await limited_api.client.post("/graphql", json={"query": "{ nope }"}, headers={"Accept": accept})
        assert (answer.headers["content-type"], answer.status_code) == (media_type, status), accept


async def test_lets_pages_of_the_named_origin_read_and_no_others(closed_api: Api) -> None:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, x-channel"}
    for origin, status in [("https://storefront.example", 200), ("https://evil.example", 400), ("null", 400)]:
        preflight = await closed_api.client.options("/graphql", headers={"Origin": origin, **wanted})
        assert preflight.status_code == status
        read = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        answer = await closed_api.client.get(_query(query="{__typename}"), headers=read)
        assert answer.status_code == (200 if status == 200 else 403)
        allowed = origin if status == 200 else None
        assert {one.headers.get("access-control-allow-origin") for one in (preflight, answer)} == {allowed}


async def test_takes_any_bytes_in_headers_for_what_they_are(limited_api: Api) -> None:
    for header, code in [
        (b"\xff\xfe", "CHANNEL_NOT_FOUND"),
        (b"a\0b", "BAD_USER_INPUT"),
        (b"x" * 255, "CHANNEL_NOT_FOUND"),
    ]:
        headers: dict[str, Any] = {"X-Channel": header, "Accept-Language": b"\xff;;q=,\0"}
        answer = await limited_api.client.post("/graphql", json={"query": "{ channel { id } }"}, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (200, code)


async def test_takes_an_empty_operation_name_for_none(limited_api: Api) -> None:
    answer = await limited_api.client.post("/graphql", json={"query": "query A { __typename }", "operationName": ""})
    assert answer.json()["data"] == {"__typename": "Query"}
