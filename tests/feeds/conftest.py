"""An open shop without products."""

from __future__ import annotations

import pytest

from app.bootstrap import Application
from tests.feeds.shop import Shop


@pytest.fixture
def shop(application: Application) -> Shop:
    """A shop on a database of its own."""
    return Shop(application)
