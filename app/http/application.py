"""The Starlette application: which address serves what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute

from app.bootstrap import Application, build_application
from app.database import Row, Statement
from app.events.metrics import measure
from app.graph import build_graph
from app.http.graphiql_page import GraphiQLPage
from app.http.graphql import STREAM_PATH, GraphQLEndpoint, StreamEndpoint
from app.http.health import health_routes
from app.http.middleware import BodyLimit, SecurityHeaders
from app.observability.telemetry import shut_down_telemetry
from app.settings import Settings, read_settings

_ALLOWED_HEADERS = ["Content-Type", "Authorization", "X-Channel", "Idempotency-Key", "Accept-Language"]
_PING = Statement("ping", "SELECT 1", (), {})


def create_app() -> Starlette:
    """The application as uvicorn's workers make it, each for itself."""
    return build_app(build_application(read_settings()))


def build_app(application: Application) -> Starlette:
    """The Starlette application around a wired one."""
    settings = application.settings

    async def ping_database() -> None:
        await application.database.fetch(_PING, Row, {})

    async def ping_valkey() -> None:
        await application.pubsub.publish(channel="ping", message="")

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await application.close()
        # What is held back must be sent before the process ends by its signal; nothing runs after that.
        await asyncio.to_thread(shut_down_telemetry)

    return Starlette(
        routes=[
            *health_routes(
                probes={"postgresql": ping_database, "valkey": ping_valkey},
                measure=lambda: measure(application.database),
            ),
            *_graphql_routes(application),
        ],
        middleware=[
            Middleware(OpenTelemetryMiddleware, excluded_urls="health,metrics"),
            Middleware(SecurityHeaders, hsts_seconds=settings.hsts_seconds),
            *_cors(settings),
            Middleware(BodyLimit, most_bytes=settings.limits.body_bytes),
        ],
        lifespan=lifespan,
    )


def _graphql_routes(application: Application) -> list[BaseRoute]:
    settings = application.settings
    page = GraphiQLPage(settings.graphiql_dir or settings.data_dir / "graphiql") if settings.graphiql else None
    graph = build_graph(settings)
    endpoint = GraphQLEndpoint(graph=graph, services=application.services, page=page)
    stream = StreamEndpoint(graph=graph, services=application.services, page=None)
    assets = page.assets() if page else None
    return [
        *([assets, Route("/", RedirectResponse("/graphql"))] if assets else []),
        Route(STREAM_PATH, stream),
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", endpoint),
    ]


def _cors(settings: Settings) -> list[Middleware]:
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=_ALLOWED_HEADERS,
            max_age=600,
        )
    ]
