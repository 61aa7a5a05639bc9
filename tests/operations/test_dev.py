"""`tradepost dev`: one command, one shop, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server import free_port

DEADLINE_SECONDS = 90


class Dev:
    """One run of `tradepost dev` on a data directory."""

    def __init__(self, data_dir: Path, *, port: int) -> None:
        self.data_dir, self.port = data_dir, port
        self.output = data_dir.parent / f"output-{time.monotonic_ns()}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRADEPOST_", "MAKE"))}
        environment = {
            **kept,
            "TRADEPOST_DATA_DIR": str(data_dir),
            "TRADEPOST_GRAPHIQL": "false",
            "PORT": str(port),
            "PYTHONUNBUFFERED": "1",
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "dev"],
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text()

    def wait_until_running(self) -> None:
        """Until it has printed its addresses."""
        wait(lambda: "Tradepost is running" in self.text or self.process.poll() is not None)
        assert self.process.poll() is None, self.text

    def run(self, document: str) -> dict[str, Any]:
        """The data of a document, run by the sample staff."""
        token = json.loads((self.data_dir / "dev-credentials.json").read_text())["staffToken"]
        response = httpx.post(
            f"http://127.0.0.1:{self.port}/graphql",
            json={"query": document},
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        )
        answer = response.json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Signal it, and wait for its end."""
        self.process.send_signal(number)
        return self.process.wait(timeout=DEADLINE_SECONDS)


def wait(condition: Callable[[], bool]) -> None:
    """Until it is so; fails at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the deadline has passed"
        time.sleep(0.05)


def processes_of(data_dir: Path) -> list[str]:
    """The processes that have to do with a data directory: by argument, working directory or environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and folder.name != str(os.getpid()):
            with suppress(OSError):
                texts = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
                if os.fsencode(data_dir) in texts:
                    found.append(f"{folder.name} {(folder / 'cmdline').read_bytes().decode(errors='replace')}")
    return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Dev]]:
    runs: list[Dev] = []

    def begin(*, port: int | None = None) -> Dev:
        runs.append(Dev(tmp_path / "data", port=port or free_port()))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(timeout=DEADLINE_SECONDS)


CREATE = 'mutation { productCreate(input: {name: "Kept", status: ACTIVE}) { product { id } userErrors { message } } }'
FIND = '{ product(slug: "kept") { name } }'


def test_serves_a_shop_keeps_its_data_and_leaves_nothing_behind(start: Callable[..., Dev]) -> None:
    first = start()
    first.wait_until_running()
    assert first.run(CREATE)["productCreate"]["userErrors"] == []
    assert first.stop(signal.SIGINT) == 0
    assert processes_of(first.data_dir) == []

    second = start()
    second.wait_until_running()
    assert second.run(FIND) == {"product": {"name": "Kept"}}
    assert second.stop(signal.SIGTERM) == 0
    assert processes_of(second.data_dir) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux only")
def test_is_found_again_after_a_kill(start: Callable[..., Dev]) -> None:
    killed = start()
    killed.wait_until_running()
    killed.run(CREATE)
    killed.process.kill()
    killed.process.wait()

    again = start(port=killed.port)
    again.wait_until_running()
    assert again.run(FIND) == {"product": {"name": "Kept"}}
    assert again.stop() == 0
    assert processes_of(again.data_dir) == []


def test_refuses_a_second_start_on_the_same_data_in_one_line(start: Callable[..., Dev]) -> None:
    first = start()
    first.wait_until_running()
    second = start()
    assert second.process.wait(timeout=DEADLINE_SECONDS) == 2
    last_line = second.text.strip().splitlines()[-1]
    assert str(first.process.pid) in last_line
    assert "Traceback" not in second.text
    assert first.run("{ channels { slug } }")["channels"]


def test_names_a_taken_port_in_one_line(start: Callable[..., Dev]) -> None:
    first = start()
    first.wait_until_running()
    taken = Dev(first.data_dir.parent / "other", port=first.port)
    assert taken.process.wait(timeout=DEADLINE_SECONDS) == 2
    assert f"Port {first.port} on 127.0.0.1" in taken.text
    assert "PORT=" in taken.text
    assert "Traceback" not in taken.text
