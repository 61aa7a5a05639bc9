"""The directory that holds a development shop's data: who uses it now, and what the running one offers to others."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from app.embedded.errors import DataDirectoryInUse, DataDirectoryUnusable

_POLL_SECONDS = 0.05
# A reader of the runtime file holds the lock for an instant; an attempt to take it must outlast that.
_SHORTEST_WAIT_SECONDS = 0.2


class DataDirectory:
    """A directory that one process at a time may use, by an exclusive `flock` on its file `lock`.

    The kernel drops the lock when the holder ends, however it ends, so that no stale lock is ever left behind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self._lock_path = self.path / "lock"
        self._runtime_path = self.path / "runtime.json"
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def is_held(self) -> bool:
        """Is the directory ours?"""
        return self._lock is not None

    def acquire(self, *, wait_seconds: float = 15.0, on_wait: Callable[[str], None] | None = None) -> None:
        """Make the directory ours; waits, since a process whose starter was killed may still be stopping.

        `on_wait` is called once, with a line for the person who waits, if the directory is not free at once.
        Raises `DataDirectoryInUse` after `wait_seconds`, `DataDirectoryUnusable` when we may not write there.
        """
        if self._lock is not None:
            return
        lock = self._open_lock()
        try:
            self._wait_for(lock, wait_seconds=wait_seconds, on_wait=on_wait)
            self._write_holder(lock)
            # What the last holder offered is gone with it.
            self._runtime_path.unlink(missing_ok=True)
        except BaseException:
            os.close(lock)
            raise
        self._lock = lock

    def release(self) -> None:
        """Let others have the directory; harmless when it is not ours."""
        if self._lock is None:
            return
        self._runtime_path.unlink(missing_ok=True)
        os.ftruncate(self._lock, 0)
        os.close(self._lock)
        self._lock = None

    def write_runtime(self, runtime: Mapping[str, Any]) -> None:
        """Tell other commands what runs here: addresses, port, pid; JSON, readable by our user alone."""
        if self._lock is None:
            raise RuntimeError("only the holder of a data directory may say what runs in it")
        write_atomically(self._runtime_path, json.dumps(dict(runtime), indent=2) + "\n")

    def read_runtime(self) -> dict[str, Any] | None:
        """Return what the running holder wrote, or None when nobody holds the directory or has not written yet.

        The lock is asked, and not the pid in the file, because a pid may belong to another process by now.
        """
        if self._lock is None and not self._is_held_by_another():
            return None
        try:
            runtime: dict[str, Any] = json.loads(self._runtime_path.read_text())
        except (OSError, ValueError):
            return None
        return runtime

    def _open_lock(self) -> int:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataDirectoryUnusable(
                f"The data directory {self.path} cannot be used ({error.strerror}): "
                "make it writable for you, or set TRADEPOST_DATA_DIR to another one."
            ) from error
        give_to_owner_of_folder(self._lock_path)
        return lock

    def _wait_for(self, lock: int, *, wait_seconds: float, on_wait: Callable[[str], None] | None) -> None:
        started = time.monotonic()
        deadline = started + max(wait_seconds, _SHORTEST_WAIT_SECONDS)
        while not _try_lock(lock, fcntl.LOCK_EX):
            now = time.monotonic()
            if now >= deadline:
                raise DataDirectoryInUse(
                    f"The data directory {self.path} is in use by {self._describe_holder()}: "
                    "stop that process first, or set TRADEPOST_DATA_DIR to another directory."
                )
            if on_wait is not None and now - started >= _SHORTEST_WAIT_SECONDS:
                on_wait(f"Waiting for {self._describe_holder()} to leave {self.path}")
                on_wait = None
            time.sleep(_POLL_SECONDS)

    def _write_holder(self, lock: int) -> None:
        holder = {
            "pid": os.getpid(),
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": _name_of_command(),
        }
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps(holder).encode(), 0)

    def _describe_holder(self) -> str:
        # The holder may be between taking the lock and writing its name, or stopping.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            holder = json.loads(self._lock_path.read_text())
            return f"process {holder['pid']} ({holder['command']}, started {holder['started_at']})"
        return "another process"

    def _is_held_by_another(self) -> bool:
        try:
            lock = os.open(self._lock_path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not _try_lock(lock, fcntl.LOCK_SH)
        finally:
            os.close(lock)


def write_atomically(path: Path, content: str) -> None:
    """Replace a file so that readers see the old or the new content, never half of it; mode 0600."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    give_to_owner_of_folder(temporary)
    temporary.replace(path)


def give_to_owner_of_folder(path: Path) -> None:
    """As root in somebody's directory, leave no file that this somebody cannot open later."""
    owner = path.parent.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid)


def _name_of_command() -> str:
    """Name our program without its arguments, which may hold a password; `python -m app` is called `app`."""
    script = Path(sys.argv[0]) if sys.argv else Path("python")
    return script.parent.name if script.name == "__main__.py" else script.name


def _try_lock(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
