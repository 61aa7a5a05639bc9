"""What a process is told from outside: read once, checked, and refused in one line that names the setting."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from app.settings import Limits, Settings, SettingsError, read_settings

PRODUCTION = {
    "TRADEPOST_MODE": "production",
    "TRADEPOST_DATABASE_URL": "postgresql://db/shop",
    "TRADEPOST_REDIS_URL": "redis://cache/0",
    "TRADEPOST_SECRET_KEY": "k" * 40,
}


def test_needs_nothing_in_development() -> None:
    settings = read_settings({})
    assert (settings.mode, settings.database_url, settings.port) == ("development", None, 8000)
    assert settings.introspection
    assert settings.graphiql


def test_hides_the_schema_and_asks_for_https_in_production() -> None:
    settings = read_settings(PRODUCTION)
    assert not settings.introspection
    assert not settings.suggestions
    assert not settings.graphiql
    assert settings.hsts_seconds == 31_536_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRADEPOST_MODE", "staging"),
        ("TRADEPOST_DATABASE_URL", "mysql://db/shop"),
        ("TRADEPOST_REDIS_URL", "http://cache"),
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("TRADEPOST_WORKERS", "0"),
        ("TRADEPOST_INTROSPECTION", "maybe"),
        ("TRADEPOST_LOG_LEVEL", "LOUD"),
        ("TRADEPOST_LIMIT_DEPTH", "-1"),
        ("TRADEPOST_OTLP_ENDPOINT", "collector:4318"),
    ],
)
def test_names_the_setting_that_is_wrong(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})


@pytest.mark.parametrize(
    "changes",
    [
        {"TRADEPOST_DATABASE_URL": ""},
        {"TRADEPOST_REDIS_URL": ""},
        {"TRADEPOST_SECRET_KEY": ""},
        {"TRADEPOST_SECRET_KEY": "short"},
        {"TRADEPOST_STAFF_TOKEN": "token"},
        {"TRADEPOST_CORS_ORIGINS": "*"},
    ],
)
def test_refuses_what_is_unsafe_in_production(changes: dict[str, str]) -> None:
    (name,) = changes
    with pytest.raises(SettingsError, match=name):
        read_settings({**PRODUCTION, **changes})


def test_shows_no_secret() -> None:
    settings = read_settings({**PRODUCTION, "TRADEPOST_SECRET_KEY": "z" * 40})
    assert "z" * 40 not in repr(settings)


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_stops_the_start_with_one_line(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", command],
        env={"PATH": "/usr/bin:/bin", "TRADEPOST_MODE": "production"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == [
        "tradepost: TRADEPOST_DATABASE_URL is missing: production starts no database of its own."
    ]


def test_is_described_whole() -> None:
    """The reference names every setting, and no other."""
    described = set(re.findall(r"`((?:TRADEPOST_)?[A-Z_]+)`", Path("docs/reference/settings.md").read_text()))
    known = {f"TRADEPOST_{field.name.upper()}" for field in fields(Settings)} - {"TRADEPOST_LIMITS", "TRADEPOST_PORT"}
    assert known | {"PORT"} <= described
    limits = Path("docs/reference/limits.md").read_text()
    for field in fields(Limits):
        assert f"TRADEPOST_LIMIT_{field.name.upper()}" in limits
