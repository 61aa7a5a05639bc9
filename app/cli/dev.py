"""``tradepost dev``: everything that a developer needs, by one command, stopped by Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.request import urlopen

import click

from app.cli.graphiql import GraphiQLBuildError, build_graphiql
from app.cli.migrations import upgrade
from app.cli.parentage import PARENT_VARIABLE, end_with_parent
from app.cli.sample_shop import open_sample_shop
from app.cli.serve import require_free_port
from app.cli.services import start_missing
from app.embedded.directory import DataDirectory, write_atomically
from app.settings import Settings, SettingsError, read_settings

_STAFF_EMAIL = "staff@tradepost.example"
_STOP_SECONDS = 15
_START_SECONDS = 60


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
    directory.acquire(on_wait=click.echo)
    stack.callback(directory.release)
    require_free_port(settings)
    credentials = _credentials(directory.path)
    settings = start_missing(settings, directory=directory, stack=stack, say=click.echo)
    assert settings.database_url is not None and settings.redis_url is not None
    click.echo("Migrating the database …")
    asyncio.run(upgrade(url=settings.database_url, on_progress=lambda title: click.echo(f"  {title}")))
    asyncio.run(open_sample_shop(settings, say=click.echo))
    environment = {
        **os.environ,
        "TRADEPOST_DATABASE_URL": settings.database_url,
        "TRADEPOST_REDIS_URL": settings.redis_url,
        "TRADEPOST_DATA_DIR": str(directory.path),
        "TRADEPOST_STAFF_TOKEN": credentials["staffToken"],
        PARENT_VARIABLE: str(os.getpid()),
    }
    children = {name: _start(name, environment=environment, stack=stack) for name in ("serve", "worker")}
    _wait_until_ready(settings, children=children)
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
        threading.Thread(target=_build_page, args=(directory.path / "graphiql",), daemon=True).start()
    _watch(children)


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


def _start(name: str, *, environment: dict[str, str], stack: ExitStack) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches us alone, and we stop the children in order.
    child = subprocess.Popen([sys.executable, "-m", "app", name], env=environment, start_new_session=True)
    stack.callback(_stop, child)
    return child


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _wait_until_ready(settings: Settings, *, children: dict[str, subprocess.Popen[bytes]]) -> None:
    click.echo("Starting the API and the worker …")
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        _require_running(children)
        with suppress(OSError), urlopen(f"{_address(settings)}/health/ready", timeout=2):  # noqa: S310 - our own address
            return
        time.sleep(0.05)
    raise SettingsError(f"The API did not become ready within {_START_SECONDS} seconds; its messages are above.")


def _require_running(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise SettingsError(
                f"`tradepost {name}` ended by itself (exit {child.returncode}); its messages are above."
            )


def _watch(children: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        _require_running(children)
        time.sleep(0.5)


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


def _build_page(folder: Path) -> None:
    try:
        if build_graphiql(target=folder, on_progress=_say("GraphiQL: ")):
            click.echo("GraphiQL is ready.")
    except GraphiQLBuildError as error:
        click.echo(f"GraphiQL can't be built, and the API works without it: {error}", err=True)


def _say(prefix: str) -> Callable[[str], None]:
    return lambda line: click.echo(prefix + line)
