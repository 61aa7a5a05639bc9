"""Health for the orchestrator, and metrics for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Probe = Callable[[], Awaitable[object]]
_PATIENCE_SECONDS = 2


def health_routes(*, probes: dict[str, Probe], measure: Probe) -> list[Route]:
    """``/health/live``, ``/health/ready`` and ``/metrics``.

    A probe raises when its part isn't there. ``measure`` brings gauges up to date that nobody else would move when the
    workers are gone, which is when one looks at them.
    """

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_request: Request) -> Response:
        states = await asyncio.gather(*(_state(probe) for probe in probes.values()))
        parts = dict(zip(probes, states, strict=True))
        is_ready = all(state == "ready" for state in states)
        body = {"status": "ready" if is_ready else "not ready", "parts": parts}
        return JSONResponse(body, status_code=200 if is_ready else 503)

    async def metrics(_request: Request) -> Response:
        await _state(measure)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]


async def _state(probe: Probe) -> str:
    try:
        await asyncio.wait_for(probe(), timeout=_PATIENCE_SECONDS)
    except Exception as error:
        return f"not ready ({type(error).__name__})"
    return "ready"
