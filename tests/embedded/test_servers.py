"""What holds for each embedded server: its data stays, it has one owner, and it ends with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.embedded.errors import EmbeddedServerError
from app.embedded.processes import command_names
from tests.embedded.kinds import Kind, Owner, has_ended, wait_until

pytestmark = pytest.mark.timeout(60)


def test_keeps_its_data_and_its_port(directory: Path, kind: Kind) -> None:
    with kind.make(directory) as server:
        kind.write(server.url, "a value")
        port = server.port
    with kind.make(directory) as server:
        assert kind.read(server.url) == "a value"
        assert server.port == port


def test_takes_another_port_when_the_kept_one_is_taken(directory: Path, kind: Kind) -> None:
    server = kind.make(directory, durable=False)
    server.start()
    port = server.port
    server.stop()
    with socket.create_server(("127.0.0.1", port)), server:
        assert server.port != port
        kind.write(server.url, "a value")
        assert kind.read(server.url) == "a value"


def test_names_a_wanted_port_that_is_taken(directory: Path, kind: Kind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmbeddedServerError, match=f"port {port}: another program has it"):
            kind.make(directory, port=port, durable=False).start()


def test_refuses_a_second_process_on_its_directory(directory: Path, kind: Kind, owned: Callable[..., Owner]) -> None:
    with kind.make(directory, durable=False) as server:
        kind.write(server.url, "a value")
        second = owned(kind, directory)
        _, message = second.process.communicate(timeout=30)
        assert second.process.returncode == 1
        assert f"{directory} is in use by process {os.getpid()} " in message
        assert kind.read(server.url) == "a value"


def test_ends_with_its_owner_and_keeps_what_was_committed(
    directory: Path, kind: Kind, owned: Callable[..., Owner]
) -> None:
    owner = owned(kind, directory)
    pid, url = owner.wait_for_start()
    kind.write(url, "committed")
    owner.kill()
    with kind.make(directory) as server:
        assert has_ended(pid)
        assert kind.read(server.url) == "committed"


@pytest.mark.skipif("sys.platform != 'linux'", reason="only Linux ends a process with its parent")
def test_ends_with_its_owner_though_nobody_starts_again(
    directory: Path, kind: Kind, owned: Callable[..., Owner]
) -> None:
    owner = owned(kind, directory)
    pid, _ = owner.wait_for_start()
    owner.kill()
    wait_until(lambda: has_ended(pid))
    assert not (directory / kind.pid_file).exists(), "it was not ended cleanly"


def test_ends_a_server_that_was_left_over(directory: Path, kind: Kind, owned: Callable[..., Owner]) -> None:
    owner = owned(kind, directory)
    pid, url = owner.wait_for_start()
    kind.write(url, "committed")
    os.kill(pid, signal.SIGSTOP)
    owner.kill()
    assert command_names(pid, directory) or command_names(pid, directory / "cluster")
    server = kind.make(directory)
    server.stop_seconds = 0.2
    with server:
        assert has_ended(pid)
        assert kind.read(server.url) == "committed"


def test_spares_a_stranger_that_got_the_pid(directory: Path, kind: Kind) -> None:
    with kind.make(directory, durable=False):
        content = (directory / kind.pid_file).read_text().splitlines()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (directory / kind.pid_file).write_text("\n".join([str(stranger.pid), *content[1:], ""]))
        with kind.make(directory, durable=False) as server:
            kind.write(server.url, "a value")
            assert kind.read(server.url) == "a value"
        assert stranger.poll() is None
        stranger.kill()


def test_starts_after_a_crash_of_the_server(directory: Path, kind: Kind) -> None:
    server = kind.make(directory)
    with server:
        kind.write(server.url, "committed")
        os.kill(server.pid, signal.SIGKILL)
    with server:
        assert kind.read(server.url) == "committed"


def test_stops_though_it_hangs_and_stops_twice(directory: Path, kind: Kind) -> None:
    server = kind.make(directory, durable=False)
    server.stop()
    server.start()
    pid = server.pid
    server.stop_seconds = 0.2
    os.kill(pid, signal.SIGSTOP)
    server.stop()
    assert has_ended(pid)
    server.stop()
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.url


def test_outlives_the_thread_that_started_it(directory: Path, kind: Kind) -> None:
    server = kind.make(directory, durable=False)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    wait_until(lambda: not Path(f"/proc/self/task/{thread.native_id}").exists())
    try:
        # An answer shows that the server has run since, and so has seen what signals there were.
        kind.write(server.url, "a value")
        assert kind.read(server.url) == "a value"
        assert "shutdown" not in (directory / "server.log").read_text()
    finally:
        server.stop()


def test_is_out_of_reach_of_the_terminals_ctrl_c(directory: Path, kind: Kind) -> None:
    with kind.make(directory, durable=False) as server:
        assert os.getsid(server.pid) == server.pid
        assert os.getpgid(server.pid) == server.pid


def test_works_in_a_long_path_of_any_letters(tmp_path: Path, directory: Path, kind: Kind) -> None:
    long = tmp_path / ("long path " * 10) / ("with \"é' " * 10)
    long.parent.mkdir()
    directory.rename(long)
    assert len(str(long)) > 200
    with kind.make(long, durable=False) as server:
        kind.write(server.url, "a value")
        assert kind.read(server.url) == "a value"
