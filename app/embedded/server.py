"""What the embedded servers share: one owner, a port that stays, a start that can be trusted, an end that is sure."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Self

from app.embedded.directory import DataDirectory, give_to_owner_of_folder, write_atomically
from app.embedded.errors import DataDirectoryInUse, EmbeddedServerError
from app.embedded.processes import POLL_SECONDS, command_names, end, launch, send_signal

HOST = "127.0.0.1"
# Below the range that operating systems take outgoing connections from, so that a kept port stays free while we rest.
_PORTS = range(20_000, 30_000)
_PORT_TAKEN = "Address already in use"
_LOG_TAIL_LINES = 12


class EmbeddedServer(ABC):
    """A server of ours on 127.0.0.1 with its data in a directory; blocking, to be used before an event loop runs.

    The directory is locked while the server runs. The server is our child and ends with us: by `stop`, or by the
    kernel when we are killed; where the kernel cannot do that (macOS), the next start ends what was left over.
    """

    name: ClassVar[str]
    refuses_root: ClassVar[bool]
    #: Asks for a clean end that waits for nobody.
    stop_signal: ClassVar[signal.Signals]
    #: What is tried in turn when the server does not end.
    end_signals: ClassVar[Sequence[signal.Signals]]
    #: Parts of log lines of a failed start that time heals.
    passing_troubles: ClassVar[Sequence[str]] = ()

    #: Limits: for another process to leave the directory, for the server to be ready, for each signal to end it.
    wait_seconds = 15.0
    start_seconds = 60.0
    stop_seconds = 10.0

    def __init__(self, directory: Path, *, port: int | None = None, durable: bool = True) -> None:
        self.directory = directory.expanduser().resolve()
        self.durable = durable
        self._wanted_port = port
        self._port: int | None = None
        self._owner = DataDirectory(self.directory)
        self._log_path = self.directory / "server.log"
        self._port_path = self.directory / "port"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    @abstractmethod
    def url(self) -> str:
        """The address to connect to, once started."""

    @abstractmethod
    def program(self) -> Path:
        """Return the path of the server's program; raises `EmbeddedServerError` when it is not installed."""

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1, once started."""
        if self._port is None or self._process is None:
            raise RuntimeError(f"the embedded {self.name} is not started")
        return self._port

    @property
    def pid(self) -> int:
        """The process id of the server, once started."""
        if self._process is None:
            raise RuntimeError(f"the embedded {self.name} is not started")
        return self._process.pid

    def start(self, *, on_wait: Callable[[str], None] | None = None) -> None:
        """Start the server and return when it accepts connections; harmless when it is started.

        `on_wait` gets a line when we wait for another process to leave the directory. Raises `DataDirectoryInUse`,
        `DataDirectoryUnusable`, or `EmbeddedServerError` with the last lines of the server's log.
        """
        if self._process is not None:
            return
        self._owner.acquire(wait_seconds=self.wait_seconds, on_wait=on_wait)
        try:
            self._end_leftover()
            self._prepare()
            if self._log_path.exists():
                self._log_path.replace(self._log_path.with_name("server.log.previous"))
            self._start_on_some_port(deadline=time.monotonic() + self.start_seconds)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server within a bounded time, cleanly if it can, and leave the directory; harmless when stopped."""
        process = self._process
        if process is not None:
            end(
                send=process.send_signal,
                is_running=lambda: process.poll() is None,
                signals=(self.stop_signal, *self.end_signals),
                seconds=self.stop_seconds,
            )
            self._process = None
        self._owner.release()

    @abstractmethod
    def _command(self, *, port: int) -> Sequence[str | Path]:
        """The command that runs the server in the foreground."""

    @abstractmethod
    def _is_ready(self, *, pid: int, port: int) -> bool:
        """Does this very process accept connections, and no other that may have our port?"""

    @abstractmethod
    def _find_leftover(self) -> tuple[int, Path] | None:
        """The pid that the last server of this directory wrote down, and the path its command line must name."""

    def _prepare(self) -> None:  # noqa: B027 -- most servers need nothing.
        """Make what must exist before a start, once no other server uses the directory."""

    def _end_leftover(self) -> None:
        """End a server whose starter is gone; the directory is locked by us, so it cannot be anybody's."""
        leftover = self._find_leftover()
        if leftover is None or not command_names(*leftover):
            return
        pid, path = leftover
        end(
            send=lambda number: send_signal(pid, number),
            is_running=lambda: command_names(pid, path),
            signals=(self.stop_signal, *self.end_signals),
            seconds=self.stop_seconds,
        )
        if command_names(pid, path):
            raise DataDirectoryInUse(f"Process {pid} still serves {self.directory} and does not end: stop it first.")

    def _start_on_some_port(self, *, deadline: float) -> None:
        while True:
            self._port = self._choose_port()
            with self._log_path.open("wb") as log:
                give_to_owner_of_folder(self._log_path)
                self._process = launch(
                    self._command(port=self._port),
                    directory=self.directory,
                    log=log,
                    refuses_root=self.refuses_root,
                    death_signal=self.stop_signal,
                )
            if self._wait_until_ready(self._process, port=self._port, deadline=deadline):
                write_atomically(self._port_path, f"{self._port}\n")
                return
            self._require_passing_trouble(deadline=deadline)
            time.sleep(POLL_SECONDS)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], *, port: int, deadline: float) -> bool:
        while process.poll() is None:
            if self._is_ready(pid=process.pid, port=port):
                return True
            if time.monotonic() > deadline:
                raise self._failure(f"is not ready after {self.start_seconds:.0f} seconds", log_path=self._log_path)
            time.sleep(POLL_SECONDS)
        return False

    def _require_passing_trouble(self, *, deadline: float) -> None:
        log = self._log_path.read_text(errors="replace")
        if _PORT_TAKEN in log and self._wanted_port is not None:
            raise self._port_is_taken(self._wanted_port)
        is_passing = any(trouble in log for trouble in (_PORT_TAKEN, *self.passing_troubles))
        if not is_passing or time.monotonic() > deadline:
            raise self._failure("did not start", log_path=self._log_path)

    def _choose_port(self) -> int:
        """Return the wanted port, the one of the last start, or any free one; another may still take it before us."""
        if self._wanted_port is not None:
            if not _is_free(self._wanted_port):
                raise self._port_is_taken(self._wanted_port)
            return self._wanted_port
        with contextlib.suppress(OSError, ValueError):
            kept = int(self._port_path.read_text())
            if _is_free(kept):
                return kept
        return next(port for port in random.sample(_PORTS, len(_PORTS)) if _is_free(port))

    def _port_is_taken(self, port: int) -> EmbeddedServerError:
        return EmbeddedServerError(
            f"The embedded {self.name} cannot use port {port}: another program has it; stop that one, or give no port."
        )

    def _failure(self, what: str, *, log_path: Path) -> EmbeddedServerError:
        lines = log_path.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
        first = f"The embedded {self.name} {what}; the last lines of {log_path}:"
        return EmbeddedServerError("\n".join([first, *(f"    {line}" for line in lines)]))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of an earlier server that are still closing do not make the port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
