"""Starting, recognising and ending the processes behind the embedded servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.01
_LAUNCHER = Path(__file__).with_name("launcher.py")
# The kernel ties a child to the *thread* that started it, so a start from a passing thread is done by one that stays.
_LASTING_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-servers")


def launch(
    command: Sequence[str | Path],
    *,
    directory: Path,
    log: IO[bytes],
    refuses_root: bool,
    death_signal: signal.Signals,
    stdin: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command that ends with us, in a session of its own so that Ctrl-C in a terminal does not reach it.

    Its output goes to a file and never to a pipe: a pipe nobody reads would stop it, one that its children keep open
    would hang us.
    """
    arguments = [
        *(sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(int(death_signal))),
        *("refuses-root" if refuses_root else "takes-root", str(directory)),
        *map(str, command),
    ]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            arguments,
            stdin=stdin or subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
            env=_environment(),
            start_new_session=True,
        )

    if threading.current_thread() is threading.main_thread():
        return start()
    return _LASTING_THREAD.submit(start).result()


def _environment() -> dict[str, str]:
    """Return our environment without what would redirect PostgreSQL's programs or translate their messages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def end(
    *,
    send: Callable[[signal.Signals], None],
    is_running: Callable[[], bool],
    signals: Sequence[signal.Signals],
    seconds: float,
) -> None:
    """Ask a process to end by one signal after another, giving each the same time; SIGKILL should be the last."""
    for number in signals:
        send(number)
        deadline = time.monotonic() + seconds
        while is_running() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if not is_running():
            return


def send_signal(pid: int, number: signal.Signals) -> None:
    """Signal a process that may have ended already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def is_running(pid: int) -> bool:
    """Does any process have this pid, ours or not?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def command_names(pid: int, path: Path) -> bool:
    """Is this process alive, and was it started with this path among its arguments?

    A pid alone proves nothing: it may have been given to another process since it was written down.
    """
    if sys.platform == "linux":
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(path) in arguments
    listing = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
    return os.fsencode(path) in listing.stdout
