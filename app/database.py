"""PostgreSQL as the rest of the house uses it: short reads through asyncpg, transactions through SQLAlchemy.

Reads and writes have a pool each, since they have different needs: a read is one prepared statement on a connection
that is given back at once (and may one day come from a replica), a write is a transaction of the ORM's unit of work.
Statements are built with SQLAlchemy Core, compiled once, and run by asyncpg as they are: measured for two reads, the ORM
takes 4.1 ms CPU, Core 1.2 and asyncpg 0.5 (design §4).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg
import orjson
from opentelemetry import metrics, trace
from sqlalchemy import ClauseElement, event
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
_TRACER = trace.get_tracer("tradepost.database")
_DURATION = metrics.get_meter("tradepost.database").create_histogram(
    "db.client.operation.duration", unit="s", description="Duration of read statements, by name."
)

# What asyncpg and the operating system raise while PostgreSQL is away; such a request may simply be tried again later.
UNAVAILABLE_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    # What asyncpg's pool says of a connection that was cut in the middle of a statement.
    asyncpg.InternalClientError,
    DisconnectionError,
)


class DatabaseUnavailable(Exception):
    """PostgreSQL can't be reached now, or went away in the middle; nothing was half done."""


_UNAVAILABLE_OR_LATE: tuple[type[Exception], ...] = (*UNAVAILABLE_ERRORS, TimeoutError)


class Row(asyncpg.Record):
    """A row whose columns are attributes too, so that GraphQL's default resolver reads it as it is.

    A subclass for each entity names the GraphQL type that its rows are, which is how abstract types are resolved.
    """

    __typename__ = ""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no column {name!r}") from None


AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement, compiled: its text with ``$1``… and the names of its parameters in that order."""

    name: str
    sql: str
    parameters: tuple[str, ...]
    constants: Mapping[str, Any]


def compile_statement(name: str, statement: ClauseElement) -> Statement:
    """Compile a Core statement once; ``name`` appears in traces. Use bound parameters for all that varies.

    Lists are passed as one array (``column = any(:ids)``), never as IN with a parameter each: the text stays the same
    for any number of keys, and so does its plan.
    """
    compiled = statement.compile(dialect=_DIALECT)
    order = tuple(getattr(compiled, "positiontup", None) or ())
    # Literals written into the statement keep their value; the parameters that the caller gives have none.
    constants = {key: value for key, value in compiled.params.items() if value is not None}
    return Statement(name, str(compiled), order, constants)


class Reader(Protocol):
    """Runs read statements: the whole database, or one operation's share of it."""

    async def fetch(self, statement: Statement, row: type[AnyRow], parameters: Mapping[str, Any]) -> Sequence[AnyRow]:
        """All rows of one statement."""
        ...


async def _prepare_connection(connection: asyncpg.Connection[Any]) -> None:
    """Values arrive in the form in which they leave: UUIDs as Python's own, JSON by orjson."""
    await connection.set_type_codec(
        "uuid",
        encoder=lambda value: value.bytes,
        decoder=lambda data: UUID(bytes=data),
        schema="pg_catalog",
        format="binary",
    )
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
        schema="pg_catalog",
        format="binary",
    )


class Database:
    """The pools of one process. Opened lazily: a process can start, and say so, while PostgreSQL is away."""

    def __init__(self, *, url: str, pool_size: int = 10, statement_timeout_seconds: int = 30) -> None:
        self.url = url
        """Where PostgreSQL is, as asyncpg reads it; may hold a password."""
        self._pool_size = pool_size
        self._server_settings = {
            "application_name": "tradepost",
            "statement_timeout": str(statement_timeout_seconds * 1000),
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
            "jit": "off",  # Short statements lose more by compiling than they gain.
        }
        self._pool: asyncpg.Pool[Any] | None = None
        self._opening = asyncio.Lock()
        self.engine = self._make_engine()
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    def _make_engine(self) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+asyncpg://",
            # The URL is read by asyncpg for reads and writes alike: SQLAlchemy doesn't know sslmode and its like.
            async_creator=lambda: asyncpg.connect(self.url, server_settings=self._server_settings, timeout=5),
            pool_size=self._pool_size,
            max_overflow=0,
            pool_timeout=10,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            # The text of an error goes to logs, where parameters have no place.
            hide_parameters=True,
        )

        @event.listens_for(engine.sync_engine, "checkout")
        def _refuse_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
            # A connection that PostgreSQL closed while it lay in the pool is replaced without a round trip to ask.
            if dbapi_connection.driver_connection.is_closed():
                raise DisconnectionError("closed by the server")

        return engine

    async def _reads(self) -> asyncpg.Pool[Any]:
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        self.url,
                        min_size=0,
                        max_size=self._pool_size,
                        init=_prepare_connection,
                        server_settings=self._server_settings,
                        timeout=5,
                        max_inactive_connection_lifetime=300,
                    )
        return self._pool

    async def fetch(self, statement: Statement, row: type[AnyRow], parameters: Mapping[str, Any]) -> Sequence[AnyRow]:
        """All rows of one read statement, as ``row``; raises `DatabaseUnavailable` while PostgreSQL is away."""
        values = [
            parameters[name] if name in parameters else statement.constants[name] for name in statement.parameters
        ]
        started = perf_counter()
        with _TRACER.start_as_current_span(statement.name) as span:
            try:
                pool = await self._reads()
                async with pool.acquire(timeout=10) as connection:
                    rows = await connection.fetch(statement.sql, *values, record_class=row)
            except _UNAVAILABLE_OR_LATE as error:
                raise DatabaseUnavailable(str(error)) from error
            if span.is_recording():
                span.set_attributes(
                    {"db.system.name": "postgresql", "db.query.text": statement.sql, "db.rows": len(rows)}
                )
        _DURATION.record(perf_counter() - started, {"db.operation.name": statement.name})
        return rows

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end of the block, rolled back on any exception."""
        with _TRACER.start_as_current_span("transaction"):
            try:
                async with self._sessions() as session, session.begin():
                    yield session
            except Exception as error:
                if is_unavailable(error):
                    raise DatabaseUnavailable(str(error)) from error
                raise

    async def close(self) -> None:
        """Give all connections back; what still runs is cut off after a few seconds."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                await asyncio.wait_for(pool.close(), timeout=5)
            except TimeoutError:
                pool.terminate()
        await self.engine.dispose()


def is_unavailable(error: BaseException) -> bool:
    """Whether ``error`` means that PostgreSQL was away, also where SQLAlchemy has wrapped the driver's exception."""
    if isinstance(error, UNAVAILABLE_ERRORS) or getattr(error, "connection_invalidated", False):
        return True
    cause = getattr(error, "orig", None) or error.__cause__
    return cause is not None and is_unavailable(cause)


class OperationReads:
    """The reads of one GraphQL operation: counted, and limited to a few connections at once."""

    def __init__(self, *, database: Database, connections: int) -> None:
        self._database = database
        self._turns = asyncio.Semaphore(connections)
        self.statements = 0
        self.seconds = 0.0

    async def fetch(self, statement: Statement, row: type[AnyRow], parameters: Mapping[str, Any]) -> Sequence[AnyRow]:
        """As `Database.fetch`, waiting for one of the operation's turns."""
        self.statements += 1
        async with self._turns:
            started = perf_counter()
            try:
                return await self._database.fetch(statement, row, parameters)
            finally:
                self.seconds += perf_counter() - started
