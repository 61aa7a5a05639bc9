"""``tradepost dev``: everything that a developer needs, by one command, stopped by Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import click
import uvloop

from app.bootstrap import VERSION, build_application
from app.cli.migrations import upgrade
from app.cli.parentage import PARENT_VARIABLE, end_with_parent
from app.cli.sample_shop import open_sample_shop
from app.cli.serve import make_server, require_free_port
from app.cli.services import start_missing
from app.embedded.directory import DataDirectory, write_atomically
from app.http.application import build_app
from app.jobs.worker import run_worker
from app.observability.logs import set_up_logs
from app.observability.telemetry import set_up_telemetry
from app.settings import Settings, SettingsError, read_settings

_STAFF_EMAIL = "staff@tradepost.example"
_SURE_SECONDS = 2.0


class _Stopped(BaseException):
    """A signal asked us to stop."""


@click.command()
def dev() -> None:
    """Start a whole shop for development: PostgreSQL, Valkey, API, worker, sample data, GraphiQL.

    Everything is kept in TRADEPOST_DATA_DIR (.data) for the next start. PORT chooses the port (8000).
    """
    end_with_parent()
    settings = read_settings()
    if settings.is_production:
        raise SettingsError("TRADEPOST_MODE is production: use `tradepost serve` and `tradepost worker`.")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    with ExitStack() as stack:
        try:
            _run(settings, stack=stack)
        except (KeyboardInterrupt, _Stopped):
            click.echo("\nStopping …")
            # A second Ctrl-C must not leave half of it running.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
    click.echo("Stopped. The data are kept for the next start.")


def _raise_stopped(_number: int, _frame: object) -> None:
    raise _Stopped


def _run(settings: Settings, *, stack: ExitStack) -> None:
    directory = DataDirectory(settings.data_dir)
    _refuse_while_running(directory, settings)
    directory.acquire(on_wait=click.echo)
    stack.callback(directory.release)
    require_free_port(settings)
    credentials = _credentials(directory.path)
    settings = start_missing(settings, directory=directory, stack=stack, say=click.echo)
    settings = replace(settings, staff_token=credentials["staffToken"])
    assert settings.database_url is not None
    click.echo("Migrating the database …")
    asyncio.run(upgrade(url=settings.database_url, on_progress=lambda title: click.echo(f"  {title}")))
    asyncio.run(open_sample_shop(settings, say=click.echo))

    def announce() -> None:
        directory.write_runtime(
            {
                "pid": os.getpid(),
                "port": settings.port,
                "database_url": settings.database_url,
                "redis_url": settings.redis_url,
            }
        )
        _print_addresses(settings, credentials=credentials, directory=directory.path)
        if settings.graphiql and settings.graphiql_dir is None:
            _build_page(directory.path, stack=stack)

    set_up_logs(level=settings.log_level, as_json=False)
    set_up_telemetry(role="dev", version=VERSION, otlp_endpoint=settings.otlp_endpoint)
    uvloop.run(_serve_and_work(settings, on_ready=announce))


async def _serve_and_work(settings: Settings, *, on_ready: Callable[[], None]) -> None:
    """The API and the worker in one process, until a signal; production has them apart."""
    click.echo("Starting the API and the worker …")
    application = build_application(settings)
    server = make_server(settings, app=build_app(application))
    worker = asyncio.create_task(run_worker(application, handle_signals=False))
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    if server.started:
        on_ready()
    await asyncio.wait({serving, worker}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker
    await serving


def _refuse_while_running(directory: DataDirectory, settings: Settings) -> None:
    """One clear line at once where a shop runs here and answers; one that is just stopping is waited for."""
    runtime = directory.read_runtime()
    if runtime is None:
        return
    address = _address(replace(settings, port=runtime["port"]))
    deadline = time.monotonic() + _SURE_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{address}/health/live", timeout=_SURE_SECONDS):  # noqa: S310 - our own address
                time.sleep(_SURE_SECONDS / 10)
        except OSError:
            return
    raise SettingsError(
        f"Tradepost is running on {directory.path} already: {address}/graphql (process {runtime['pid']}). "
        "Stop it first, or choose another TRADEPOST_DATA_DIR and PORT."
    )


def _credentials(directory: Path) -> dict[str, str]:
    """The sample staff's sign-in, made at the first start."""
    path = directory / "dev-credentials.json"
    if path.exists():
        credentials: dict[str, str] = json.loads(path.read_text())
    else:
        credentials = {
            "staffEmail": _STAFF_EMAIL,
            "staffPassword": secrets.token_urlsafe(12),
            "staffToken": secrets.token_urlsafe(32),
        }
        write_atomically(path, json.dumps(credentials, indent=2) + "\n")
    return credentials


def _address(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    return f"http://{host}:{settings.port}"


def _print_addresses(settings: Settings, *, credentials: dict[str, str], directory: Path) -> None:
    address = _address(settings)
    click.echo(
        f"""
Tradepost is running.

  GraphiQL   {address}/graphql        (open it in a browser)
  API        {address}/graphql        (POST, GET, websocket)
  Health     {address}/health/ready
  Metrics    {address}/metrics

  Staff      {credentials["staffEmail"]}
  Password   {credentials["staffPassword"]}
  Token      {credentials["staffToken"]}
             as the header  Authorization: Bearer <token>
             (also in {directory / "dev-credentials.json"})

Ctrl-C stops everything.
"""
    )


def _build_page(directory: Path, *, stack: ExitStack) -> None:
    """Build GraphiQL beside the running shop, by a process of its own that ends with this one."""
    environment = {**os.environ, "TRADEPOST_DATA_DIR": str(directory), PARENT_VARIABLE: str(os.getpid())}
    building = subprocess.Popen([sys.executable, "-m", "app", "graphiql"], env=environment, start_new_session=True)
    stack.callback(building.wait)
    stack.callback(building.terminate)
