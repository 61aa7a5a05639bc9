"""What a server of flesh and blood is sent over its sockets: bodies without end, and messages that are none."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from select import select
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.server import Server

_TWO_GIGABYTES = 2 * 1024**3
_HEAD = "POST /graphql HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n"
_FOLLOW = "subscription { catalogChanged { event } }"


def _memory(server: Server) -> int:
    """The most memory that the API has ever used, in bytes."""
    status = Path(f"/proc/{server.processes['serve'].pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def _send(server: Server, head: str, chunk: bytes, *, most: int) -> tuple[str, int]:
    """Send a head, then chunks until the server answers or ``most`` bytes went out; the answer, and how many did.

    By a plain socket: when the server closes in the middle, what it answered before is still there to be read.
    """
    address = urlsplit(server.url)
    answer, sent = b"", 0
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        try:
            connection.sendall(head.encode())
            while chunk and sent < most and not select([connection], [], [], 0)[0]:
                connection.sendall(chunk)
                sent += len(chunk)
        except ConnectionError:
            pass
        try:
            while part := connection.recv(65_536):
                answer += part
        except ConnectionError:
            pass
    return answer.decode(), sent


def test_refuses_two_gigabytes_that_are_announced_before_a_byte_of_them_is_sent(server: Server) -> None:
    head = f"{_HEAD}Content-Length: {_TWO_GIGABYTES}\r\n\r\n"

    answer, sent = _send(server, head, b"", most=0)

    assert answer.startswith("HTTP/1.1 413 ")
    assert "BODY_TOO_LARGE" in answer
    assert sent == 0


def test_refuses_two_gigabytes_in_chunks_after_the_first_megabyte(server: Server) -> None:
    before = _memory(server)
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    answer, sent = _send(server, _HEAD + "Transfer-Encoding: chunked\r\n\r\n", chunk, most=_TWO_GIGABYTES)

    assert answer.startswith("HTTP/1.1 413 ")
    # What lies in the buffers of both sides comes on top of the megabyte.
    assert sent < 64 * 1024**2
    assert _memory(server) - before < 64 * 1024**2


def test_refuses_a_null_byte_in_a_header(server: Server) -> None:
    answer, _ = _send(server, _HEAD + "X-Channel: a\0b\r\nContent-Length: 2\r\n\r\n{}", b"", most=0)

    assert answer.startswith("HTTP/1.1 400 ")


@asynccontextmanager
async def _socket(
    server: Server, *, token: str | None = None, origin: str | None = None
) -> AsyncIterator[ClientConnection]:
    url = server.url.replace("http", "ws") + "/graphql"
    headers = {"Origin": origin} if origin else {}
    protocol = Subprotocol("graphql-transport-ws")
    async with connect(url, subprotocols=[protocol], additional_headers=headers) as websocket:
        payload = {"Authorization": f"Bearer {token}"} if token else {}
        await websocket.send(json.dumps({"type": "connection_init", "payload": payload}))
        yield websocket


async def _receive(websocket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(30):
        message: dict[str, Any] = json.loads(await websocket.recv())
    return message


async def _ask(websocket: ClientConnection, query: str, **payload: object) -> dict[str, Any]:
    """The first message that comes for an operation."""
    await websocket.send(json.dumps({"id": query, "type": "subscribe", "payload": {"query": query, **payload}}))
    message = await _receive(websocket)
    assert message["id"] == query
    return message


@pytest.mark.parametrize(
    ("query", "payload", "code"),
    [
        (_FOLLOW, {}, "UNAUTHENTICATED"),
        ('mutation { productDelete(input: { id: "x" }) { deletedId } }', {}, "UNAUTHENTICATED"),
        ("{ products", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{" + "a{" * 500 + "b" + "}" * 500 + "}", {}, "DOCUMENT_LIMIT_EXCEEDED"),
        ("query A { __typename } query B { __typename }", {}, "BAD_USER_INPUT"),
        ("query A { __typename }", {"operationName": "B"}, "BAD_REQUEST"),
        ("", {}, "BAD_REQUEST"),
        ("query ($n: Int) { products(first: $n) { nodes { id } } }", {"variables": {"n": "x"}}, "BAD_USER_INPUT"),
        ('subscription { catalogChanged(after: "x") { event } }', {}, "UNAUTHENTICATED"),
    ],
)
async def test_refuses_an_operation_and_keeps_the_websocket(
    server: Server, query: str, payload: dict[str, Any], code: str
) -> None:
    async with _socket(server) as websocket:
        assert (await _receive(websocket))["type"] == "connection_ack"
        message = await _ask(websocket, query, **payload)
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == code

        # What the refused operation has left to say ("complete") comes before the answer to the next.
        await websocket.send(json.dumps({"id": "next", "type": "subscribe", "payload": {"query": "{ __typename }"}}))
        while (message := await _receive(websocket))["id"] != "next":
            assert message["type"] == "complete"
        assert message["payload"]["data"] == {"__typename": "Query"}


async def test_refuses_a_cursor_that_another_subscription_never_gave(server: Server) -> None:
    async with _socket(server, token=server.staff_token) as websocket:
        assert (await _receive(websocket))["type"] == "connection_ack"
        message = await _ask(websocket, 'subscription { catalogChanged(after: "x") { event } }')
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_refuses_the_fifty_first_subscription_of_a_websocket(server: Server) -> None:
    async with _socket(server, token=server.staff_token) as websocket:
        assert (await _receive(websocket))["type"] == "connection_ack"
        for number in range(51):
            await websocket.send(json.dumps({"id": str(number), "type": "subscribe", "payload": {"query": _FOLLOW}}))
        message = await _receive(websocket)

    assert (message["id"], message["type"]) == ("50", "error")
    assert message["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LIMIT_EXCEEDED"


async def test_closes_a_websocket_with_a_forged_token(server: Server) -> None:
    async with _socket(server, token="forged") as websocket:
        with pytest.raises(ConnectionClosed) as closed:
            await _receive(websocket)

    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4403


async def test_refuses_a_websocket_of_a_page_from_elsewhere(server: Server) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with _socket(server, origin="https://evil.example"):
            pass


@pytest.mark.parametrize(
    "message",
    [
        *("", "x", "5", "null", "[]", '"x"', "{}", "[" * 5_000, '{"type": 5}', '{"type": "' + "x" * 500 + '"}'),
        *('{"type": "subscribe"}', '{"type": "subscribe", "id": 5}', '{"type": "subscribe", "id": "1"}'),
        *('{"type": "subscribe", "id": "1", "payload": 5}', '{"type": "subscribe", "id": "1", "payload": {}}'),
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "operationName": 5}}',
        b"\xff\xfe",
    ],
    ids=lambda message: repr(message)[:40],
)
async def test_closes_a_websocket_after_what_is_no_message(server: Server, message: str | bytes) -> None:
    async with _socket(server) as websocket:
        assert (await _receive(websocket))["type"] == "connection_ack"
        await websocket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await _receive(websocket)

    assert closed.value.rcvd is not None and closed.value.rcvd.code in {4400, 1003, 1007}


async def test_closes_a_websocket_after_a_message_beyond_the_limit(server: Server) -> None:
    async with _socket(server) as websocket:
        assert (await _receive(websocket))["type"] == "connection_ack"
        await websocket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": " " * 1_000_001}}))
        with pytest.raises(ConnectionClosed) as closed:
            await _receive(websocket)

    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
