"""Ending with the process that started us, so that no server is left over when a `make dev` is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PARENT_VARIABLE = "TRADEPOST_ENDS_WITH"
"""Set for processes that end with the one that started them: its pid."""
_PR_SET_PDEATHSIG = 1


def end_as_group() -> None:
    """Have a SIGTERM end the programs that we run as well, where we lead a group of processes of our own."""
    if os.getpgrp() != os.getpid():
        return

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(os.getpid(), signal.SIGTERM)
        os._exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)


def end_with_parent() -> None:
    """Have the kernel send us SIGTERM when our parent ends, where our parent asked for that (Linux only)."""
    expected = os.environ.get(PARENT_VARIABLE)
    started_by_make = "MAKELEVEL" in os.environ
    if sys.platform != "linux" or not (expected or started_by_make):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # It may have ended before we asked.
    if os.getppid() != parent or (expected and int(expected) != parent):
        sys.exit("The process that started this one has ended.")
