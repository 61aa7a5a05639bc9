"""What the tests need to know of each embedded server, so that one test can be about both."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import redis

from app.embedded.server import EmbeddedServer
from tests.embedded import owner

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 30.0


@dataclass(frozen=True)
class Kind:
    """One kind of server, with a way to put a value into it and to get it back."""

    name: str
    pid_file: str
    write: Callable[[str, str], None]
    read: Callable[[str], str]

    def make(self, directory: Path, *, port: int | None = None, durable: bool = True) -> EmbeddedServer:
        """Make the server without starting it."""
        return owner.SERVERS[self.name](directory, port=port, durable=durable)


def _write_postgres(url: str, value: str) -> None:
    _query(url, "CREATE TABLE IF NOT EXISTS kept (value text)")
    _query(url, "INSERT INTO kept VALUES ($1)", value)


def _read_postgres(url: str) -> str:
    return str(_query(url, "SELECT value FROM kept")[0]["value"])


def _query(url: str, statement: str, *arguments: str) -> list[asyncpg.Record]:
    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(run())


def _write_valkey(url: str, value: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.set("kept", value)


def _read_valkey(url: str) -> str:
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return str(client.get("kept"))


POSTGRES = Kind("postgres", "cluster/postmaster.pid", _write_postgres, _read_postgres)
VALKEY = Kind("valkey", "valkey.pid", _write_valkey, _read_valkey)


@dataclass(frozen=True)
class Owner:
    """A process that runs one server, see `owner.py`."""

    process: subprocess.Popen[str]

    def wait_for_start(self) -> tuple[int, str]:
        """Return the pid and the URL of its server."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        started = json.loads(line)
        return started["pid"], started["url"]

    def kill(self) -> None:
        """End it as the kernel would, without a chance to clean up."""
        self.process.kill()
        self.process.wait()


def start_owner(kind: Kind, directory: Path, *, command: Sequence[str | Path] = ()) -> Owner:
    """Start a process that starts the server; `command` replaces the Python and the script that are run."""
    return Owner(
        subprocess.Popen(
            [*(command or (sys.executable, "-m", "tests.embedded.owner")), kind.name, directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
    )


def wait_until(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds; fail when it does not within the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def has_ended(pid: int) -> bool:
    """Is the process gone, or only waiting for an init process that takes its time to notice its end?"""
    listing = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listing.stdout.strip()[:1] in {"", "Z"}
