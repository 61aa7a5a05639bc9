"""Tradepost as processes of their own: what clients outside of Python and tests of crashes talk to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

_START_SECONDS = 60


@dataclass(slots=True)
class Server:
    """A running API with its worker; processes by the name of their command."""

    url: str
    staff_token: str
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def wait_until_ready(self) -> None:
        """Until the API and its parts answer; fails when a process ends or time runs out."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            for name, process in self.processes.items():
                assert process.poll() is None, f"tradepost {name} ended with {process.returncode}"
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the server was not ready within {_START_SECONDS} seconds")


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment_for(
    *, database_url: str, redis_url: str, staff_token: str, data_dir: Path, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of a server's processes."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TRADEPOST_", "MAKE"))},
        "TRADEPOST_MODE": "test",
        "TRADEPOST_DATABASE_URL": database_url,
        "TRADEPOST_REDIS_URL": redis_url,
        "TRADEPOST_STAFF_TOKEN": staff_token,
        "TRADEPOST_DATA_DIR": str(data_dir),
        "TRADEPOST_ENDS_WITH": str(os.getpid()),
        "PORT": str(free_port()),
        **(extra or {}),
    }


@contextmanager
def run_server(
    *,
    database_url: str,
    redis_url: str,
    staff_token: str,
    data_dir: Path,
    with_worker: bool = True,
    extra: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run the API, and its worker, until the end of the block."""
    environment = environment_for(
        database_url=database_url, redis_url=redis_url, staff_token=staff_token, data_dir=data_dir, extra=extra
    )
    server = Server(f"http://127.0.0.1:{environment['PORT']}", staff_token, environment)
    with ExitStack() as stack:
        for name in ("serve", "worker") if with_worker else ("serve",):
            process = subprocess.Popen([sys.executable, "-m", "app", name], env=environment)
            stack.callback(_stop, process)
            server.processes[name] = process
        server.wait_until_ready()
        yield server


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
