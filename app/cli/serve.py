"""``tradepost serve``: the API; ``tradepost worker``: jobs and the relay of the log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import Any

import click
import uvicorn
import uvloop
from starlette.applications import Starlette

from app.bootstrap import VERSION, build_application
from app.cli.parentage import end_with_parent
from app.jobs.worker import run_worker
from app.observability.logs import set_up_logs
from app.observability.telemetry import set_up_telemetry, shut_down_telemetry
from app.settings import Settings, SettingsError, read_settings

_SHUTDOWN_SECONDS = 10


@click.command()
def serve() -> None:
    """Serve the API on PORT (8000).

    Needs TRADEPOST_DATABASE_URL and TRADEPOST_REDIS_URL; starts and builds nothing by itself. TRADEPOST_WORKERS says how many
    processes share the port.
    """
    end_with_parent()
    settings = _settings_with_urls()
    require_free_port(settings)
    set_up_logs(level=settings.log_level, as_json=settings.is_production)
    uvicorn.run("app.cli.serve:create_app", factory=True, workers=settings.workers, **_server_options(settings))


@click.command()
def worker() -> None:
    """Run jobs, and relay the log of events to those who follow it.

    Needs TRADEPOST_DATABASE_URL and TRADEPOST_REDIS_URL. Any number of workers may run; they stand in for one another.
    """
    end_with_parent()
    settings = _settings_with_urls()
    set_up_logs(level=settings.log_level, as_json=settings.is_production)
    set_up_telemetry(role="worker", version=VERSION, otlp_endpoint=settings.otlp_endpoint)
    try:
        uvloop.run(_work(settings))
    finally:
        shut_down_telemetry()


async def _work(settings: Settings) -> None:
    application = build_application(settings)
    try:
        # The worker ends its tasks by cancelling them, on SIGTERM or Ctrl-C.
        with contextlib.suppress(asyncio.CancelledError):
            await run_worker(application)
    finally:
        await application.close()


def make_server(settings: Settings, *, app: Starlette) -> uvicorn.Server:
    """A server of this process for an application that is wired already."""
    return uvicorn.Server(uvicorn.Config(app, **_server_options(settings)))


def _server_options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "loop": "uvloop",
        "http": "httptools",
        "ws": "websockets-sansio",
        "ws_max_size": settings.limits.body_bytes,
        # The query string of a GET holds a document with its variables.
        "access_log": False,
        "server_header": False,
        "log_config": None,
        "timeout_graceful_shutdown": _SHUTDOWN_SECONDS,
    }


def create_app() -> Starlette:
    """What uvicorn calls in each server process."""
    from app.http.application import create_app as create

    settings = read_settings()
    set_up_logs(level=settings.log_level, as_json=settings.is_production)
    set_up_telemetry(role="server", version=VERSION, otlp_endpoint=settings.otlp_endpoint)
    return create()


def _settings_with_urls() -> Settings:
    settings = read_settings()
    for name, url in (("TRADEPOST_DATABASE_URL", settings.database_url), ("TRADEPOST_REDIS_URL", settings.redis_url)):
        if url is None:
            raise SettingsError(f"{name} is missing: this command starts no server of its own (`tradepost dev` does).")
    return settings


def require_free_port(settings: Settings) -> None:
    """Raise one clear line where something else listens on the port already."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"Port {settings.port} on {settings.host} can't be used ({error.strerror}): "
                "stop what listens there, or choose another with PORT=8001."
            ) from None
