"""What a server of flesh and blood is sent over its sockets: bodies without end, and messages that are none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
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


async def _read_all(reader: asyncio.StreamReader) -> str:
    """The answer until the server closes the connection, or resets it because it won't read what else is sent."""
    answer = b""
    try:
        while part := await reader.read(65_536):
            answer += part
    except ConnectionError:
        pass
    return answer.decode()


async def _send(server: Server, head: str, chunk: bytes, *, most: int) -> tuple[str, int]:
    """Send a head and then chunks until the server closes or ``most`` bytes went out; the answer, and how many did."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    answer = asyncio.create_task(_read_all(reader))
    sent = 0
    async with asyncio.timeout(60):
        try:
            writer.write(head.encode())
            while chunk and sent < most and not answer.done():
                writer.write(chunk)
                sent += len(chunk)
                await writer.drain()
                # The loop gets its turn to read the answer.
                await asyncio.sleep(0)
        except ConnectionError:
            pass
        text = await answer
    writer.close()
    return text, sent


async def test_refuses_two_gigabytes_that_are_announced_before_a_byte_of_them_is_sent(server: Server) -> None:
    head = f"{_HEAD}Content-Length: {_TWO_GIGABYTES}\r\n\r\n"

    answer, sent = await _send(server, head, b"", most=0)

    assert answer.startswith("HTTP/1.1 413 ")
    assert "BODY_TOO_LARGE" in answer
    assert sent == 0


async def test_refuses_two_gigabytes_in_chunks_after_the_first_megabyte(server: Server) -> None:
    before = _memory(server)
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    answer, sent = await _send(server, _HEAD + "Transfer-Encoding: chunked\r\n\r\n", chunk, most=_TWO_GIGABYTES)

    assert answer.startswith("HTTP/1.1 413 ")
    # What lies in the buffers of both sides comes on top of the megabyte.
    assert sent < 64 * 1024**2
    assert _memory(server) - before < 64 * 1024**2


async def test_refuses_a_null_byte_in_a_header(server: Server) -> None:
    answer, _ = await _send(server, _HEAD + "X-Channel: a\0b\r\nContent-Length: 2\r\n\r\n{}", b"", most=0)

    assert answer.startswith("HTTP/1.1 400 ")


@asynccontextmanager
async def _socket(
    server: Server, *, token: str | None = None, origin: str | None = None
) -> AsyncIterator[ClientConnection]:
    url = server.url.replace("http", "ws") + "/graphql"
    headers = {"Origin": origin} if origin else {}
    protocol = Subprotocol("graphql-transport-ws")
    async with connect(url, subprotocols=[protocol], additional_headers=headers) as socket:
        payload = {"Authorization": f"Bearer {token}"} if token else {}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        yield socket


async def _receive(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(30):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def _ask(socket: ClientConnection, query: str, **payload: object) -> dict[str, Any]:
    """The first message that comes for an operation."""
    await socket.send(json.dumps({"id": query, "type": "subscribe", "payload": {"query": query, **payload}}))
    message = await _receive(socket)
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
    async with _socket(server) as socket:
        assert (await _receive(socket))["type"] == "connection_ack"
        message = await _ask(socket, query, **payload)
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == code

        # What the refused operation has left to say ("complete") comes before the answer to the next.
        await socket.send(json.dumps({"id": "next", "type": "subscribe", "payload": {"query": "{ __typename }"}}))
        while (message := await _receive(socket))["id"] != "next":
            assert message["type"] == "complete"
        assert message["payload"]["data"] == {"__typename": "Query"}


async def test_refuses_a_cursor_that_another_subscription_never_gave(server: Server) -> None:
    async with _socket(server, token=server.staff_token) as socket:
        assert (await _receive(socket))["type"] == "connection_ack"
        message = await _ask(socket, 'subscription { catalogChanged(after: "x") { event } }')
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_refuses_the_fifty_first_subscription_of_a_websocket(server: Server) -> None:
    async with _socket(server, token=server.staff_token) as socket:
        assert (await _receive(socket))["type"] == "connection_ack"
        for number in range(51):
            await socket.send(json.dumps({"id": str(number), "type": "subscribe", "payload": {"query": _FOLLOW}}))
        message = await _receive(socket)

    assert (message["id"], message["type"]) == ("50", "error")
    assert message["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LIMIT_EXCEEDED"


async def test_closes_a_websocket_with_a_forged_token(server: Server) -> None:
    async with _socket(server, token="forged") as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await _receive(socket)

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
    async with _socket(server) as socket:
        assert (await _receive(socket))["type"] == "connection_ack"
        await socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await _receive(socket)

    assert closed.value.rcvd is not None and closed.value.rcvd.code in {4400, 1003, 1007}


async def test_closes_a_websocket_after_a_message_beyond_the_limit(server: Server) -> None:
    async with _socket(server) as socket:
        assert (await _receive(socket))["type"] == "connection_ack"
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": " " * 1_000_001}}))
        with pytest.raises(ConnectionClosed) as closed:
            await _receive(socket)

    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
