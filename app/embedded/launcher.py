"""Becomes a server: run as a script, it takes the right user, ties its life to its starter's, and executes the server.

It is a process of its own, and no `preexec_fn`, because code that runs between fork and exec may deadlock when the
starter has threads, and because its mistakes can be printed: standard error is the server's log.

    python -I -S launcher.py PARENT_PID DEATH_SIGNAL refuses-root|takes-root DIRECTORY COMMAND...
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import sys
from typing import NoReturn

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def main() -> NoReturn:
    """Execute the command of the arguments, or exit with one line that says why not."""
    parent, death_signal, root, directory, *command = sys.argv[1:]
    os.umask(0o077)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if os.geteuid() == 0:
        _leave_root(directory=directory, is_refused=root == "refuses-root")
    _require_access(directory=directory, program=command[0])
    # A change of user clears the death signal, so it is asked for last; exec of an ordinary program keeps it.
    if sys.platform == "linux":
        _die_with(parent=int(parent), death_signal=int(death_signal))
    os.execv(command[0], command)  # noqa: S606 - becoming the server is what this script is for


def _leave_root(*, directory: str, is_refused: bool) -> None:
    """Run as the owner of the directory, so that the one who made it can use it again; else as nobody in particular.

    Root's own directory stays root's in a user namespace, where we look like an ordinary user to the server.
    Where such namespaces are forbidden (many containers), the directory is given to `nobody`.
    """
    owner = os.stat(directory)
    if owner.st_uid != 0:
        _become(uid=owner.st_uid, gid=owner.st_gid)
    elif is_refused and _can_enter_user_namespace():
        _enter_user_namespace()
    elif is_refused:
        nobody = _find_user("nobody", "daemon")
        _give(directory, uid=nobody.pw_uid, gid=nobody.pw_gid)
        _become(uid=nobody.pw_uid, gid=nobody.pw_gid)


def _can_enter_user_namespace() -> bool:
    """Try it in a child, because a namespace that was entered without a mapping cannot be left."""
    if sys.platform != "linux":
        return False
    child = os.fork()
    if child == 0:
        try:
            _enter_user_namespace()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _enter_user_namespace() -> None:
    """Enter a new user namespace where we are an ordinary user, see user_namespaces(7)."""
    # A user that the system knows, because initdb looks its name up.
    ordinary = _find_user("daemon", "nobody")
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{ordinary.pw_uid} {uid} 1"),
        ("gid_map", f"{ordinary.pw_gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)


def _give(directory: str, *, uid: int, gid: int) -> None:
    """Give the tree to a user, and let that user's group pass through the folder around it when that is ours alone."""
    around = os.path.dirname(directory)
    status = os.stat(around)
    if status.st_uid == 0 and not status.st_mode & 0o001:
        os.chown(around, -1, gid)
        os.chmod(around, (status.st_mode & 0o7707) | 0o010)  # noqa: S103 - for its group to pass, nobody else
    os.chown(directory, uid, gid)
    for folder, folders, files in os.walk(directory):
        for name in folders + files:
            os.chown(os.path.join(folder, name), uid, gid, follow_symlinks=False)


def _find_user(*names: str) -> pwd.struct_passwd:
    for name in names:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    sys.exit(f"this system has no user {' or '.join(names)}, and PostgreSQL refuses to run as root: add one")


def _become(*, uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _require_access(*, directory: str, program: str) -> None:
    who = f"user {os.geteuid()}"
    if not os.access(program, os.X_OK):
        sys.exit(f"{who} cannot run {program}: install it outside a closed home directory")
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        sys.exit(f"{who} cannot use {directory}: choose a data directory that this user can reach")


def _die_with(*, parent: int, death_signal: int) -> None:
    """Have the kernel send the signal when the parent ends, however it ends; it may have ended already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit("the process that started this server has ended")


if __name__ == "__main__":
    main()
