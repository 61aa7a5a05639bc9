"""``make bench``: what Tradepost costs beside its limit, in one run, in CPU seconds of the server and of PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.adapters.pubsub.valkey import ValkeyPubSub
from app.cli.migrations import upgrade
from app.database import Database
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.seeding.shop import SeedShop, SeedShopCommand
from benchmarks.documents import ONE_ROW, PRODUCT_PAGE

PRODUCTS = 1_000
REQUESTS = 300
CONNECTIONS = 16
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Work:
    """One way of asking one thing."""

    name: str
    port: int
    path: str
    document: str | None = None


def main() -> None:
    """Measure, and print a table of milliseconds and ratios."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as postgres,
        EmbeddedValkey(Path(folder) / "valkey") as valkey,
    ):
        print(f"Seeding {PRODUCTS} products …", flush=True)
        asyncio.run(_prepare(postgres.url, valkey.url))
        environment = {
            **os.environ,
            "TRADEPOST_DATABASE_URL": postgres.url,
            "TRADEPOST_REDIS_URL": valkey.url,
            "TRADEPOST_DATA_DIR": folder,
        }
        ours, by_hand = _free_ports(2)
        serve = [sys.executable, "-m", "app", "serve"]
        uvicorn = [sys.executable, "-m", "uvicorn", "--factory", "benchmarks.handwritten:create_app"]
        options = ["--port", str(by_hand), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
        with (
            _running(serve, {**environment, "PORT": str(ours)}) as tradepost,
            _running([*uvicorn, *options, "--log-level", "warning"], environment) as limit,
        ):
            asyncio.run(_compare(ours, by_hand, tradepost.pid, limit.pid, postgres.pid))


async def _prepare(database_url: str, redis_url: str) -> None:
    await upgrade(url=database_url, on_progress=lambda _: None)
    database, pubsub = Database(url=database_url), ValkeyPubSub(url=redis_url)
    await SeedShop(database=database, pubsub=pubsub).execute(
        SeedShopCommand(products=PRODUCTS), on_progress=lambda _: None
    )
    await pubsub.close()
    await database.close()


async def _compare(ours: int, by_hand: int, our_pid: int, limit_pid: int, postgres_pid: int) -> None:
    page = Work("product page", ours, "/graphql", PRODUCT_PAGE)
    limit = Work("by hand", by_hand, "/page")
    one = Work("one field of one row", ours, "/graphql", ONE_ROW)
    answers = [await _answer(work) for work in (page, limit)]
    if answers[0]["data"] != answers[1]["data"]:
        sys.exit("The two servers don't give the same data: nothing to compare.")
    print(f"\nCPU milliseconds a request: the best of {ROUNDS} rounds of {REQUESTS} at {CONNECTIONS} connections\n")
    print(f"{'':24}{'server':>10}{'PostgreSQL':>12}{'ours / by hand':>20}")
    costs = {}
    for work, pid in ((limit, limit_pid), (page, our_pid), (one, our_pid)):
        rounds = [await _cost(work, pid, postgres_pid) for _ in range(ROUNDS)]
        costs[work.name] = min(rounds)
        server, database = costs[work.name]
        ratio = f"{server / costs['by hand'][0]:19.1f}x" if work is page else ""
        print(f"{work.name:24}{server:10.2f}{database:12.2f}{ratio}", flush=True)


async def _cost(work: Work, pid: int, postgres_pid: int) -> tuple[float, float]:
    server, database = _cpu_seconds(pid), _cpu_seconds_below(postgres_pid)
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=CONNECTIONS), timeout=60) as client:
        left = iter(range(REQUESTS))

        async def ask_on() -> None:
            for _ in left:
                (await _ask(client, work)).raise_for_status()

        await asyncio.gather(*(ask_on() for _ in range(CONNECTIONS)))
    spent = _cpu_seconds(pid) - server, _cpu_seconds_below(postgres_pid) - database
    return spent[0] * 1000 / REQUESTS, spent[1] * 1000 / REQUESTS


async def _ask(client: httpx.AsyncClient, work: Work) -> httpx.Response:
    url = f"http://127.0.0.1:{work.port}{work.path}"
    return await (client.get(url) if work.document is None else client.post(url, json={"query": work.document}))


async def _answer(work: Work) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=60) as client:
        answer: dict[str, Any] = (await _ask(client, work)).json()
        return answer


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _cpu_seconds_below(pid: int) -> float:
    """Of a process and its children, of which those that have ended count too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _cpu_seconds(pid) + ended + sum(_cpu_seconds(int(child)) for child in children)


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment)
    try:
        _wait(process, environment, command)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(process: subprocess.Popen[bytes], environment: dict[str, str], command: list[str]) -> None:
    port = environment.get("PORT") if "serve" in command else command[command.index("--port") + 1]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=2)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    sys.exit(f"{' '.join(command)} did not start.")


if __name__ == "__main__":
    main()
