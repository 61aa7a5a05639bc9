"""The GraphQL endpoint: GraphQL over HTTP, websockets (graphql-transport-ws) and server-sent events (graphql-sse).

Strawberry's view does the protocols; overridden is what the GraphQL-over-HTTP specification asks for beyond it (media types,
status codes), and what it lets through: bodies that are no objects, subscriptions by plain POST, cross-site reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError, MissingQueryError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.http.parse_content_type import parse_content_type
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from app.context import Context, Services
from app.execution import request_fault
from app.graph import Graph
from app.http.callers import caller_of
from app.http.graphiql_page import GraphiQLPage
from app.http.negotiation import GRAPHQL_RESPONSE, JSON, media_type
from app.http.websockets import TextWebSocket, TransportHandler

STREAM_PATH = "/graphql/stream"
_CONTEXT_HEADERS = {"channel_slug": "x-channel", "idempotency_key": "idempotency-key"}
_LONGEST_HEADER = 255
_BODY_FIELDS = (
    ("query", str, "a string"),
    ("operationName", str, "a string"),
    ("variables", dict, "an object"),
    ("extensions", dict, "an object"),
)
_HTTP_CODES = {
    400: "BAD_REQUEST",
    403: "CROSS_SITE_REQUEST",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}
_STATUS_OF_CODES = {"UNAUTHENTICATED": 401, "SERVICE_UNAVAILABLE": 503, "TIMEOUT": 503, "INTERNAL_SERVER_ERROR": 500}


class GraphQLEndpoint(GraphQL[Context, None]):
    """``/graphql``: queries and mutations over HTTP, everything over websockets, GraphiQL for browsers."""

    websocket_adapter_class = TextWebSocket
    graphql_transport_ws_handler_class = TransportHandler
    protocols_offered = (GRAPHQL_TRANSPORT_WS_PROTOCOL,)

    def __init__(self, *, graph: Graph, services: Services, page: GraphiQLPage | None) -> None:
        settings = services.settings
        super().__init__(
            graph,
            graphql_ide="graphiql" if page is not None else None,
            subscription_protocols=self.protocols_offered,
            max_subscriptions_per_connection=settings.limits.subscriptions_per_connection,
            allowed_origins=settings.cors_origins,
        )
        self._services = services
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection; errors of the request itself leave in the negotiated media type."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            self._refuse_cross_site(request)
            response = await self.run(request)
        except HTTPException as error:
            response = self._error(request, error.status_code, error.reason, _HTTP_CODES.get(error.status_code))
        except GraphQLError as error:
            code = (error.extensions or {}).get("code")
            response = self._error(request, _STATUS_OF_CODES.get(str(code), 400), error.message, code)
        response.headers.append("Vary", "Accept, Authorization, X-Channel, Accept-Language")
        await response(scope, receive, send)

    def _error(self, request: Request, status: int, message: str, code: str | None) -> Response:
        response = Response(
            orjson.dumps({"errors": [{"message": message, "extensions": {"code": code or "BAD_REQUEST"}}]}),
            status_code=status,
            media_type=media_type(request.headers.get("accept")) or JSON,
        )
        if status == 405:
            response.headers["Allow"] = "POST" if request.method == "GET" else "GET, POST"
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def _refuse_cross_site(self, request: Request) -> None:
        # POST needs a content type that forces a preflight; a GET is told apart by what browsers say of its origin.
        site = request.headers.get("sec-fetch-site")
        if request.method == "GET" and site in {"cross-site", "same-site"} and "query" in request.query_params:
            allowed = self._services.settings.cors_origins
            if request.headers.get("origin") not in allowed and "*" not in allowed:
                raise HTTPException(403, "Pages of other origins may not read from here (see TRADEPOST_CORS_ORIGINS).")

    async def get_context(self, request: Request | WebSocket, response: Any) -> Context:
        """The context of a request; on a websocket that of the connection, from which each operation takes its own."""
        settings = self._services.settings
        headers = request.headers
        given = {name: headers.get(header) for name, header in _CONTEXT_HEADERS.items()}
        if any(value and len(value) > _LONGEST_HEADER for value in given.values()):
            raise HTTPException(400, f"X-Channel and Idempotency-Key take at most {_LONGEST_HEADER} characters.")
        is_socket = request.scope["type"] == "websocket"
        # A browser can't send headers with a websocket: its token comes in connection_init.
        caller = caller_of(None if is_socket else headers.get("authorization"), settings=settings)
        return Context(
            services=self._services,
            caller=caller,
            locale=(headers.get("accept-language") or "").split(",")[0].split(";")[0].strip() or None,
            debug=settings.mode != "production" and headers.get("x-debug") == "sql",
            **given,
        )

    async def on_ws_connect(self, context: Context) -> Any:
        """Take the caller from ``connection_init``; a token that isn't valid closes the socket with 4403."""
        parameters = context.connection_params if isinstance(context.connection_params, Mapping) else {}
        by_name = {str(name).lower(): value for name, value in parameters.items()}
        authorization = by_name.get("authorization")
        try:
            context.caller = caller_of(
                authorization if isinstance(authorization, str) else None, settings=self._services.settings
            )
        except GraphQLError as error:
            raise ConnectionRejectionError({"message": error.message}) from error
        channel = by_name.get("x-channel")
        context.channel_slug = channel if isinstance(channel, str) else None
        return await super().on_ws_connect(context)

    def decode_json(self, data: str | bytes) -> object:
        """By orjson, which refuses invalid UTF-8, lone surrogates and 1,024 levels as what they are: not JSON."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        """By orjson."""
        return orjson.dumps(data)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """For browsers only, which name text/html; the base class takes ``*/*`` as well, so curl."""
        return (
            request.method == "GET"
            and request.query_params.get("query") is None
            and "text/html" in request.headers.get("accept", "")
        )

    async def render_graphql_ide(self, request: Request) -> Response:
        """GraphiQL."""
        assert self._page is not None
        return self._page.html()

    async def get_sub_response(self, request: Any) -> Response:
        """Negotiate the media type; `create_response` sees no request, but it sees this."""
        sub_response = await super().get_sub_response(request)
        if request.scope["type"] == "http" and self._get_stream_transport_from_headers(request.headers) is None:
            sub_response.media_type = media_type(request.headers.get("accept"))
            page_wanted = self.should_render_graphql_ide(self.request_adapter_class(request))
            if sub_response.media_type is None and not page_wanted:
                raise HTTPException(406, f"Accept {GRAPHQL_RESPONSE} or {JSON}.")
        return sub_response

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> Any:
        """The request, checked: only JSON objects with fields of the right types."""
        if request.method == "GET":
            body: Any = self.parse_query_params(request.query_params)
        else:
            content_type, parameters = parse_content_type(request.content_type or "")
            if content_type != JSON or parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
                raise HTTPException(415, f"Send the request as {JSON} in UTF-8.")
            body = self.parse_json(await request.get_body())
        if not isinstance(body, dict):
            raise HTTPException(400, "The body must be a JSON object with a `query`.")
        for name, kind, words in _BODY_FIELDS:
            if not isinstance(body.get(name), kind | None):
                raise HTTPException(400, f"`{name}` must be {words} or null.")
        transport = self._get_stream_transport_from_headers(request.headers)
        return GraphQLRequestData(
            query=body.get("query"),
            variables=body.get("variables"),
            # Some clients send an empty name where they mean none.
            operation_name=body.get("operationName") or None,
            extensions=body.get("extensions"),
            protocol=transport.protocol if transport else "http",
        )

    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Run one query or mutation."""
        allowed = (
            {OperationType.QUERY} if request_adapter.method == "GET" else {OperationType.QUERY, OperationType.MUTATION}
        )
        try:
            return await self.schema.execute(
                request_data.query,
                root_value=root_value,
                variable_values=request_data.variables,
                context_value=context,
                operation_name=request_data.operation_name,
                allowed_operation_types=allowed,
                operation_extensions=request_data.extensions,
            )
        except (MissingQueryError, CannotGetOperationTypeError) as error:
            raise HTTPException(400, request_fault(error)) from error
        except InvalidOperationTypeError as error:
            # A subscription is refused whatever the method: it needs another transport.
            status = 400 if error.operation_type is OperationType.SUBSCRIPTION else 405
            raise HTTPException(status, request_fault(error)) from error

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """The answer; a request that never ran has no ``data`` (GraphQL specification, section 7.1)."""
        payload = await super().process_result(request, result)
        # A null that rose to the root comes with an error that has a path: that one did run.
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            del payload["data"]
        return payload

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        """The answer as bytes; request errors have a 4xx or 5xx in the newer media type, and 200 in the older."""
        status = 200
        if "data" not in response_data and sub_response.media_type == GRAPHQL_RESPONSE:
            code = (response_data["errors"][0].get("extensions") or {}).get("code")
            status = _STATUS_OF_CODES.get(str(code), 400)
        return Response(self.encode_json(response_data), status_code=status, media_type=sub_response.media_type or JSON)


class StreamEndpoint(GraphQLEndpoint):
    """``/graphql/stream``: any operation over server-sent events (graphql-sse, distinct connections)."""

    protocols_offered = (GRAPHQL_SSE_PROTOCOL,)

    async def get_sub_response(self, request: Any) -> Response:
        """Only for those who accept a stream."""
        if self._get_stream_transport_from_headers(request.headers) is None:
            raise HTTPException(406, "Accept text/event-stream.")
        return await super().get_sub_response(request)
