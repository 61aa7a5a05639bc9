"""Processes that own servers, ended with the test whatever becomes of it."""

from __future__ import annotations

import contextlib
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
