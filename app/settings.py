"""The settings of one process: read once from the environment, checked, frozen.

Every name has the prefix ``TRADEPOST_`` (but for ``PORT``, which platforms set). A wrong or missing value is a
`SettingsError` whose message is one line that names the setting and says what to do.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

Mode = Literal["development", "production", "test"]

DEVELOPMENT_SECRET = "development-only-secret-never-used-in-production"  # noqa: S105 - refused in production
SHORTEST_SECRET = 32


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it and is fit to be shown to the person who started us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one operation may ask for; each has a setting of its own, ``TRADEPOST_LIMIT_<NAME>``."""

    body_bytes: int = 1_000_000
    """Largest request body, in bytes."""
    tokens: int = 4_000
    """Lexical tokens in one document."""
    depth: int = 15
    """Levels of nested fields in one operation."""
    aliases: int = 30
    """Aliased fields in one operation."""
    cost: int = 5_000
    """Requested cost of one operation, in points (see ``docs/reference/limits.md``)."""
    page_size: int = 100
    """Largest ``first`` or ``last`` of a connection."""
    connections_per_operation: int = 4
    """Database connections that one operation may hold at once."""
    operation_seconds: int = 30
    """Longest time that one query or mutation may run, in seconds."""
    subscriptions_per_connection: int = 50
    """Subscriptions that one websocket may hold open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a process is told from outside. ``None`` for a URL means: start an embedded server."""

    mode: Mode = "development"
    data_dir: Path = Path(".data")
    database_url: str | None = None
    redis_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    """Server processes."""
    secret_key: str = field(default=DEVELOPMENT_SECRET, repr=False)
    """Signs cursors. At least 32 characters in production, the same for all processes of a shop."""
    staff_token: str | None = field(default=None, repr=False)
    """Bearer of the sample staff, in development only."""
    default_channel: str = "default"
    introspection: bool = True
    suggestions: bool = True
    """Whether errors may say "Did you mean …?"."""
    graphiql: bool = True
    graphiql_dir: Path | None = None
    """Folder of a GraphiQL that was built beforehand; by default the one in the data directory."""
    cors_origins: tuple[str, ...] = ()
    hsts_seconds: int = 0
    """Lifetime of Strict-Transport-Security; 0 leaves the header out."""
    sample_products: int = 60
    """How many products `tradepost dev` puts into a new shop."""
    pool_size: int = 10
    """Database connections for reads, and as many for writes, per process."""
    log_level: str = "INFO"
    otlp_endpoint: str | None = None
    """Where traces and metrics go over OTLP/HTTP; off when not given."""
    limits: Limits = field(default_factory=Limits)

    @property
    def is_production(self) -> bool:
        """Whether unsafe values are refused and nothing embedded may be started."""
        return self.mode == "production"


class _Environment:
    """Typed look-ups in the environment that name the setting when its value is wrong."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        return self._values.get(name, "").strip() or None

    def integer(self, name: str, *, default: int, least: int = 0, most: int = 2**31) -> int:
        text = self.text(name)
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            raise SettingsError(f"{name} must be a whole number, not {text!r}.") from None
        if not least <= value <= most:
            raise SettingsError(f"{name} must be between {least} and {most}, not {value}.")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.text(name)
        if text is None:
            return default
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off"}:
            return False
        raise SettingsError(f"{name} must be true or false, not {text!r}.")

    def url(self, name: str, *schemes: str) -> str | None:
        text = self.text(name)
        # The value isn't repeated in the error: a URL may hold a password.
        if text is not None and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise SettingsError(f"{name} must start with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
        return text


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environ`` (the process's own by default), or raise `SettingsError`."""
    env = _Environment(os.environ if environ is None else environ)
    mode = env.text("TRADEPOST_MODE") or "development"
    if mode not in {"development", "production", "test"}:
        raise SettingsError(f"TRADEPOST_MODE must be development, production or test, not {mode!r}.")
    production = mode == "production"
    graphiql_dir = env.text("TRADEPOST_GRAPHIQL_DIR")
    settings = Settings(
        mode=cast(Mode, mode),
        data_dir=Path(env.text("TRADEPOST_DATA_DIR") or ".data").expanduser().resolve(),
        database_url=env.url("TRADEPOST_DATABASE_URL", "postgresql", "postgres"),
        redis_url=env.url("TRADEPOST_REDIS_URL", "redis", "rediss", "unix"),
        host=env.text("TRADEPOST_HOST") or "127.0.0.1",
        port=env.integer("PORT", default=8000, least=1, most=65535),
        workers=env.integer("TRADEPOST_WORKERS", default=1, least=1, most=256),
        secret_key=env.text("TRADEPOST_SECRET_KEY") or DEVELOPMENT_SECRET,
        staff_token=env.text("TRADEPOST_STAFF_TOKEN"),
        default_channel=env.text("TRADEPOST_DEFAULT_CHANNEL") or "default",
        introspection=env.flag("TRADEPOST_INTROSPECTION", default=not production),
        suggestions=env.flag("TRADEPOST_SUGGESTIONS", default=not production),
        graphiql=env.flag("TRADEPOST_GRAPHIQL", default=not production),
        graphiql_dir=Path(graphiql_dir).expanduser().resolve() if graphiql_dir else None,
        cors_origins=tuple((env.text("TRADEPOST_CORS_ORIGINS") or "").replace(",", " ").split()),
        hsts_seconds=env.integer("TRADEPOST_HSTS_SECONDS", default=31_536_000 if production else 0),
        sample_products=env.integer("TRADEPOST_SAMPLE_PRODUCTS", default=60, most=1_000_000),
        pool_size=env.integer("TRADEPOST_POOL_SIZE", default=10, least=1, most=500),
        log_level=(env.text("TRADEPOST_LOG_LEVEL") or "INFO").upper(),
        otlp_endpoint=env.url("TRADEPOST_OTLP_ENDPOINT", "http", "https"),
        limits=_read_limits(env),
    )
    _refuse_unsafe(settings)
    return settings


def _read_limits(env: _Environment) -> Limits:
    names = Limits.__dataclass_fields__
    defaults = Limits()
    return Limits(
        **{
            name: env.integer(f"TRADEPOST_LIMIT_{name.upper()}", default=getattr(defaults, name), least=1)
            for name in names
        }
    )


def _refuse_unsafe(settings: Settings) -> None:
    if settings.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError(f"TRADEPOST_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {settings.log_level!r}.")
    if not settings.is_production:
        return
    if settings.database_url is None:
        raise SettingsError("TRADEPOST_DATABASE_URL is missing: production starts no database of its own.")
    if settings.redis_url is None:
        raise SettingsError("TRADEPOST_REDIS_URL is missing: production starts no Valkey of its own.")
    if settings.secret_key == DEVELOPMENT_SECRET or len(settings.secret_key) < SHORTEST_SECRET:
        raise SettingsError(
            f"TRADEPOST_SECRET_KEY must be set to at least {SHORTEST_SECRET} random characters in production "
            "(try: python -c 'import secrets; print(secrets.token_urlsafe(48))')."
        )
    if settings.staff_token is not None:
        raise SettingsError("TRADEPOST_STAFF_TOKEN exists in development only: unset it in production.")
    if "*" in settings.cors_origins:
        raise SettingsError("TRADEPOST_CORS_ORIGINS must name origins in production, not '*'.")
