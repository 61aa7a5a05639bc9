"""What a machine may lack: a test then skips with the reason, or fails where nothing may be skipped."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """Skips the test, or fails it when `TRADEPOST_TEST_NO_SKIP=1`, as in CI, where a skip would hide a missing part."""
    if os.environ.get("TRADEPOST_TEST_NO_SKIP") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
