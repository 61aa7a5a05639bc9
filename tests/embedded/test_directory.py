"""A data directory has one holder at a time, and says what runs in it only while it does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.embedded.directory import DataDirectory
from app.embedded.errors import DataDirectoryInUse, DataDirectoryUnusable
from tests.embedded.kinds import ROOT

pytestmark = pytest.mark.timeout(30)

# Holds the directory, leaves a child behind that knows nothing of it, and writes what runs there.
HOLDER = """
import os, subprocess, sys
from pathlib import Path
from app.embedded.directory import DataDirectory
directory = DataDirectory(Path(sys.argv[1]))
directory.acquire()
child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
directory.write_runtime({"database_url": "postgresql://…", "pid": os.getpid(), "child": child.pid})
print("held", flush=True)
sys.stdin.read()
child.kill()
directory.release()
"""


@pytest.fixture
def hold() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Have another process hold a directory until its stdin is closed."""
    with contextlib.ExitStack() as holders:

        def start(path: Path) -> subprocess.Popen[str]:
            command = [sys.executable, "-c", HOLDER, str(path)]
            holder = holders.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            )
            holders.callback(holder.kill)
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            return holder

        yield start


def test_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with DataDirectory(tmp_path / "data") as directory:
        directory.write_runtime({"port": 8000})
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "data/lock").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "data/runtime.json").stat().st_mode) == 0o600


def test_refuses_a_second_holder_in_one_clear_line(
    tmp_path: Path, hold: Callable[[Path], subprocess.Popen[str]]
) -> None:
    holder = hold(tmp_path)
    with pytest.raises(DataDirectoryInUse) as refusal:
        DataDirectory(tmp_path).acquire(wait_seconds=0)
    message = str(refusal.value)
    assert "\n" not in message
    assert f"process {holder.pid} " in message
    assert str(tmp_path) in message
    assert "stop that process" in message


def test_refuses_a_second_holder_in_the_same_process(tmp_path: Path) -> None:
    with DataDirectory(tmp_path), pytest.raises(DataDirectoryInUse):
        DataDirectory(tmp_path).acquire(wait_seconds=0)


def test_waits_for_a_holder_that_is_stopping(tmp_path: Path, hold: Callable[[Path], subprocess.Popen[str]]) -> None:
    holder = hold(tmp_path)
    lines: list[str] = []

    def stop_holder(line: str) -> None:
        lines.append(line)
        assert holder.stdin is not None
        holder.stdin.close()

    directory = DataDirectory(tmp_path)
    directory.acquire(wait_seconds=20, on_wait=stop_holder)
    assert directory.is_held
    assert len(lines) == 1
    assert str(holder.pid) in lines[0]
    directory.release()


def test_is_free_after_its_holder_was_killed_though_a_child_lives_on(
    tmp_path: Path, hold: Callable[[Path], subprocess.Popen[str]]
) -> None:
    holder = hold(tmp_path)
    child = json.loads((tmp_path / "runtime.json").read_text())["child"]
    holder.kill()
    holder.wait()
    try:
        with DataDirectory(tmp_path) as directory:
            assert directory.is_held
    finally:
        os.kill(child, signal.SIGKILL)


def test_offers_what_runs_in_it_while_it_runs(tmp_path: Path, hold: Callable[[Path], subprocess.Popen[str]]) -> None:
    assert DataDirectory(tmp_path).read_runtime() is None
    holder = hold(tmp_path)
    runtime = DataDirectory(tmp_path).read_runtime()
    assert runtime is not None
    assert runtime["pid"] == holder.pid
    os.kill(runtime["child"], signal.SIGKILL)
    holder.kill()
    holder.wait()
    assert (tmp_path / "runtime.json").exists()
    assert DataDirectory(tmp_path).read_runtime() is None


def test_does_not_offer_what_an_earlier_holder_wrote(tmp_path: Path) -> None:
    (tmp_path / "runtime.json").write_text('{"port": 1}')
    with DataDirectory(tmp_path) as directory:
        assert directory.read_runtime() is None


def test_lets_only_its_holder_say_what_runs(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="holder"):
        DataDirectory(tmp_path).write_runtime({})


def test_names_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirectoryUnusable, match=r"file/data cannot be used .*TRADEPOST_DATA_DIR"):
        DataDirectory(tmp_path / "file/data").acquire()
