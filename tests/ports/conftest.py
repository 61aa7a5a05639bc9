"""A real Valkey for the adapters that need one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded.valkey import EmbeddedValkey


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Valkey that keeps its data, for one test alone to stop and start."""
    with EmbeddedValkey(tmp_path / "valkey") as server:
        yield server
