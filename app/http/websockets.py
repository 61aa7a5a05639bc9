"""graphql-transport-ws over Strawberry's handler, with the gaps closed that malformed messages fall through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ErrorMessage

_LONGEST_REASON = 120


class TextWebSocket(ASGIWebSocketAdapter):
    """Sends text frames: the view encodes to bytes, which the base class would send as binary frames."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message; browsers can't parse JSON out of binary frames."""
        try:
            await self.ws.send_text(self.view.encode_json_string(message))
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error


class TransportHandler(BaseGraphQLTransportWSHandler[Any, Any]):
    """Answers what is JSON but no message of the protocol by closing with 4400, as the protocol asks."""

    async def handle_message(self, message: Any) -> None:
        """Check the message's shape before the base class relies on it."""
        if not _is_message(message):
            await self.handle_invalid_message("Failed to parse message")
            return
        await super().handle_message(message)

    async def handle_subscribe(self, message: Any) -> None:
        """Refuse with a code what is beyond the limit; the base class would give none."""
        most = self.max_subscriptions_per_connection
        is_new = self.connection_acknowledged and message["id"] not in self.operations
        if most is not None and is_new and len(self.operations) >= most:
            error: Any = {
                "message": f"This websocket has {most} operations open already: end one, or open another websocket.",
                "extensions": {"code": "SUBSCRIPTION_LIMIT_EXCEEDED"},
            }
            refusal: ErrorMessage = {"id": message["id"], "type": "error", "payload": [error]}
            await self.send_message(refusal)
            return
        await super().handle_subscribe(message)

    async def handle_invalid_message(self, error_message: str) -> None:
        """A close frame carries 123 bytes; a longer reason (it may quote the client) would raise in the server."""
        await super().handle_invalid_message(error_message.encode()[:_LONGEST_REASON].decode(errors="ignore"))

    @staticmethod
    def _get_pre_execution_close_reason(error: Any) -> str | None:
        # A mistake in one operation is no reason to close the socket of all others: it becomes an "error" message.
        return None


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("id", ""), str):
        return False
    payload = message.get("payload")
    if message.get("type") == "connection_init":
        return isinstance(payload, dict | None)
    if message.get("type") != "subscribe":
        return True
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )
