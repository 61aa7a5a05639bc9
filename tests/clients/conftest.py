from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from app.cli.node import NodeError, find_node, install_packages
from tests.clients.availability import unavailable
from tests.clients.npm import NpmClients

_SOURCE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def npm_clients(pytestconfig: pytest.Config) -> NpmClients:
    """The npm clients, installed once into pytest's cache and again when their lock file changes."""
    folder = pytestconfig.cache.mkdir("npm-clients")
    try:
        node = find_node()
        # Workers of pytest-xdist share the cache: one installs, the others wait and find it done.
        with (folder.parent / "npm-clients.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.copytree(_SOURCE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
            wanted, installed = folder / "package-lock.json", folder / "node_modules" / ".installed"
            if not installed.is_file() or installed.read_bytes() != wanted.read_bytes():
                install_packages(node=node, folder=folder)
                shutil.copyfile(wanted, installed)
    except NodeError as error:
        unavailable(f"npm clients: {error}")
    return NpmClients(node=node, folder=folder)
