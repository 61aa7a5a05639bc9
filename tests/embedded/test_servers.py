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


def test_keeps_its_data_and_its_port(tmp_path: Path, kind: Kind) -> None:
    with kind.make(tmp_path) as server:
        kind.write(server.url, "a value")
        port = server.port
    with kind.make(tmp_path) as server:
        assert kind.read(server.url) == "a value"
        assert server.port == port


def test_takes_another_port_when_the_kept_one_is_taken(tmp_path: Path, kind: Kind) -> None:
    server = kind.make(tmp_path, durable=False)
    server.start()
    port = server.port
    server.stop()
    with socket.create_server(("127.0.0.1", port)), server:
        assert server.port != port
        kind.write(server.url, "a value")
        assert kind.read(server.url) == "a value"


def test_names_a_wanted_port_that_is_taken(tmp_path: Path, kind: Kind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmbeddedServerError, match=f"port {port}: another program has it"):
            kind.make(tmp_path, port=port, durable=False).start()


def test_refuses_a_second_process_on_its_directory(tmp_path: Path, kind: Kind, owned: Callable[..., Owner]) -> None:
    with kind.make(tmp_path, durable=False) as server:
        kind.write(server.url, "a value")
        second = owned(kind, tmp_path)
        _, message = second.process.communicate(timeout=30)
        assert second.process.returncode == 1
        assert f"{tmp_path} is in use by process {os.getpid()} " in message
        assert kind.read(server.url) == "a value"


def test_ends_with_its_owner_and_keeps_what_was_committed(
    tmp_path: Path, kind: Kind, owned: Callable[..., Owner]
) -> None:
    owner = owned(kind, tmp_path)
    pid, url = owner.wait_for_start()
    kind.write(url, "committed")
    owner.kill()
    with kind.make(tmp_path) as server:
        assert has_ended(pid)
        assert kind.read(server.url) == "committed"


@pytest.mark.skipif("sys.platform != 'linux'", reason="only Linux ends a process with its parent")
def test_ends_with_its_owner_though_nobody_starts_again(
    tmp_path: Path, kind: Kind, owned: Callable[..., Owner]
) -> None:
    owner = owned(kind, tmp_path)
    pid, _ = owner.wait_for_start()
    owner.kill()
    wait_until(lambda: has_ended(pid))
    assert not (tmp_path / kind.pid_file).exists(), "it was not ended cleanly"


def test_ends_a_server_that_was_left_over(tmp_path: Path, kind: Kind, owned: Callable[..., Owner]) -> None:
    owner = owned(kind, tmp_path)
    pid, url = owner.wait_for_start()
    kind.write(url, "committed")
    os.kill(pid, signal.SIGSTOP)
    owner.kill()
    assert command_names(pid, tmp_path) or command_names(pid, tmp_path / "cluster")
    server = kind.make(tmp_path)
    server.stop_seconds = 0.2
    with server:
        assert has_ended(pid)
        assert kind.read(server.url) == "committed"


def test_spares_a_stranger_that_got_the_pid(tmp_path: Path, kind: Kind) -> None:
    with kind.make(tmp_path, durable=False):
        content = (tmp_path / kind.pid_file).read_text().splitlines()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (tmp_path / kind.pid_file).write_text("\n".join([str(stranger.pid), *content[1:], ""]))
        with kind.make(tmp_path, durable=False) as server:
            kind.write(server.url, "a value")
            assert kind.read(server.url) == "a value"
        assert stranger.poll() is None
        stranger.kill()


def test_starts_after_a_crash_of_the_server(tmp_path: Path, kind: Kind) -> None:
    server = kind.make(tmp_path)
    with server:
        kind.write(server.url, "committed")
        os.kill(server.pid, signal.SIGKILL)
    with server:
        assert kind.read(server.url) == "committed"


def test_stops_though_it_hangs_and_stops_twice(tmp_path: Path, kind: Kind) -> None:
    server = kind.make(tmp_path, durable=False)
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


def test_outlives_the_thread_that_started_it(tmp_path: Path, kind: Kind) -> None:
    server = kind.make(tmp_path, durable=False)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        kind.write(server.url, "a value")
        assert kind.read(server.url) == "a value"
    finally:
        server.stop()


def test_is_out_of_reach_of_the_terminals_ctrl_c(tmp_path: Path, kind: Kind) -> None:
    with kind.make(tmp_path, durable=False) as server:
        assert os.getsid(server.pid) == server.pid
        assert os.getpgid(server.pid) == server.pid


def test_works_in_a_long_path(tmp_path: Path, kind: Kind) -> None:
    directory = tmp_path / ("long" * 25) / ("path" * 25)
    directory.parent.mkdir()
    assert len(str(directory)) > 200
    with kind.make(directory, durable=False) as server:
        kind.write(server.url, "a value")
        assert kind.read(server.url) == "a value"
