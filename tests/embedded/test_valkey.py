"""What holds for the embedded Valkey alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from app.embedded.errors import EmbeddedServerError
from app.embedded.valkey import EmbeddedValkey

pytestmark = pytest.mark.timeout(60)


def test_forgets_its_data_when_it_need_not_be_durable(tmp_path: Path) -> None:
    for _ in range(2):
        with EmbeddedValkey(tmp_path, durable=False) as valkey, redis.Redis.from_url(valkey.url) as client:
            assert client.incr("starts") == 1


def test_says_why_it_did_not_start(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as valkey, redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "a value")
    next(tmp_path.glob("appendonlydir/*.manifest")).write_text("no manifest\n")
    with pytest.raises(EmbeddedServerError) as failure:
        EmbeddedValkey(tmp_path).start()
    first, *log = str(failure.value).splitlines()
    assert first.startswith("The embedded Valkey did not start")
    assert any("manifest" in line for line in log)
