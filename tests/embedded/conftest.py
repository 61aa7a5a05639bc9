"""Processes that own servers, ended with the test whatever becomes of it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.embedded.kinds import POSTGRES, VALKEY, Kind, Owner, start_owner


@pytest.fixture(params=[POSTGRES, VALKEY], ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind of server in turn."""
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def owned() -> Iterator[Callable[..., Owner]]:
    """Start owners that are killed at the end of the test."""
    with contextlib.ExitStack() as owners:

        def start(kind: Kind, directory: Path, *, command: Sequence[str | Path] = ()) -> Owner:
            owner = start_owner(kind, directory, command=command)
            owners.enter_context(owner.process)
            owners.callback(owner.process.kill)
            return owner

        yield start


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """Make one directory of each kind by a first start, which takes PostgreSQL most of a test's time."""
    made = {}
    for kind in (POSTGRES, VALKEY):
        made[kind] = tmp_path_factory.mktemp("templates") / kind.name
        with kind.make(made[kind], durable=False):
            pass
    return made


@pytest.fixture
def directory(tmp_path: Path, kind: Kind, templates: dict[Kind, Path]) -> Path:
    """A directory of a server that was started before and holds no data of ours; it has no port of its own yet."""
    return shutil.copytree(templates[kind], tmp_path / "server", ignore=shutil.ignore_patterns("port"))
