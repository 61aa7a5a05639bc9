"""The log: writers append to it inside their transaction, readers follow it in the order of `sequence`.

A writer puts the event into ``events`` and its position into ``event_inbox``. The sequencer moves positions from there
into ``event_sequence``; only then can the event be read. Why it takes two steps: see
``docs/decisions/0002-the-log-is-sequenced-from-an-inbox.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import ARRAY, BigInteger, Integer, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import DatabaseUnavailable, Reader, Row, Statement, compile_statement
from app.events.types import Event, decode, encode

_UNIQUE_VERSION = "uq_events_stream_version"


class StaleStream(Exception):
    """Another writer has appended to the stream since it was read; load it anew and decide again."""


class CursorLost(Exception):
    """The event that a cursor names isn't in this log, for instance after a restore: read everything anew."""


@dataclass(frozen=True, slots=True)
class EventCursor:
    """A place in the log: all events up to ``sequence`` were seen, as they were in ``epoch``."""

    epoch: UUID
    sequence: int

    def to_text(self) -> str:
        """The cursor in letters, digits and a dot. It tells the shop's volume: encrypt it before a client sees it."""
        return f"{self.epoch.hex}.{self.sequence}"

    @classmethod
    def from_text(cls, value: str) -> EventCursor:
        """The cursor that `to_text` wrote; raises ValueError for anything else."""
        epoch, dot, sequence = value.partition(".")
        if len(epoch) != 32 or not dot or not (sequence.isascii() and sequence.isdigit()) or len(sequence) > 18:
            raise ValueError("not an event cursor")
        return cls(UUID(hex=epoch), int(sequence))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event as it stands in the log. Its data are decoded on demand: most readers need a few types only."""

    sequence: int
    epoch: UUID
    position: int
    stream: str
    version: int
    type: str
    schema_version: int
    data: Mapping[str, Any]
    metadata: Mapping[str, Any]
    recorded_at: datetime

    @property
    def cursor(self) -> EventCursor:
        """Where a reader that has seen this event goes on."""
        return EventCursor(self.epoch, self.sequence)

    @property
    def event(self) -> Event:
        """The event of the catalogue, or `EventUnreadable`."""
        return decode(type=self.type, schema_version=self.schema_version, data=self.data)


# One statement for any number of events. Positions follow the order of the arrays: PostgreSQL draws the default of an
# INSERT … SELECT … ORDER BY after sorting.
_APPEND = text(
    """
    WITH appended AS (
        INSERT INTO events (stream, version, type, schema_version, data, metadata)
        SELECT stream, version, type, schema_version, data::jsonb, :metadata
        FROM unnest(:streams, :versions, :types, :schema_versions, :data)
            WITH ORDINALITY AS new (stream, version, type, schema_version, data, number)
        ORDER BY number
        RETURNING position
    )
    INSERT INTO event_inbox (position) SELECT position FROM appended
    """
).bindparams(
    bindparam("streams", type_=ARRAY(Text)),
    bindparam("versions", type_=ARRAY(Integer)),
    bindparam("types", type_=ARRAY(Text)),
    bindparam("schema_versions", type_=ARRAY(Integer)),
    bindparam("data", type_=ARRAY(Text)),
    bindparam("metadata", type_=JSONB),
)


async def append(
    session: AsyncSession, *, stream: str, after_version: int, events: Sequence[Event], metadata: Mapping[str, Any]
) -> int:
    """Append events to one stream in the session's transaction; returns the stream's new version.

    ``after_version`` is the version that the writer has read, 0 for a new stream. Raises `StaleStream` when another
    writer was there first; the transaction is then lost and must be rolled back.
    """
    await append_many(session, streams=[(stream, after_version, events)], metadata=metadata)
    return after_version + len(events)


async def append_many(
    session: AsyncSession, *, streams: Iterable[tuple[str, int, Sequence[Event]]], metadata: Mapping[str, Any]
) -> None:
    """Append to many streams by one statement: ``(stream, after_version, events)`` each, in the order given."""
    rows = [
        (stream, version, event)
        for stream, after_version, events in streams
        for version, event in enumerate(events, start=after_version + 1)
    ]
    if not rows:
        return
    try:
        await session.execute(
            _APPEND,
            {
                "streams": [stream for stream, _, _ in rows],
                "versions": [version for _, version, _ in rows],
                "types": [event.type for _, _, event in rows],
                "schema_versions": [event.schema_version for _, _, event in rows],
                "data": [orjson.dumps(encode(event)).decode() for _, _, event in rows],
                "metadata": dict(metadata),
            },
        )
    except IntegrityError as error:
        if _UNIQUE_VERSION in str(error.orig):
            raise StaleStream("Another writer has appended to the stream in the meantime.") from error
        raise


_READ = compile_statement(
    "events.read",
    text(
        """
        SELECT numbered.sequence, recorded.position, recorded.stream, recorded.version, recorded.type,
            recorded.schema_version, recorded.data, recorded.metadata, recorded.recorded_at,
            (
                SELECT epoch FROM event_epochs WHERE after_sequence < numbered.sequence ORDER BY number DESC LIMIT 1
            ) AS epoch
        FROM event_sequence AS numbered JOIN events AS recorded ON recorded.position = numbered.position
        WHERE numbered.sequence > :after_sequence
        ORDER BY numbered.sequence
        LIMIT :limit
        """
    ).bindparams(bindparam("after_sequence", type_=BigInteger), bindparam("limit", type_=BigInteger)),
)


async def read(reader: Reader, *, after_sequence: int, limit: int) -> list[RecordedEvent]:
    """At most ``limit`` events that follow ``after_sequence`` (0 for the beginning), in order."""
    rows = await _fetch(reader, _READ, {"after_sequence": after_sequence, "limit": limit})
    return [RecordedEvent(**dict(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class LogState:
    """The end of the log, and whether a cursor still leads into it."""

    head: EventCursor
    holds_cursor: bool


# A sequence beyond the end of its epoch was given out by a history that a restore has taken back. The end of the newest
# epoch is the head: until its sequencer has noticed the restore, this alone refuses such a cursor.
_STATE = compile_statement(
    "events.state",
    text(
        """
        WITH head AS (SELECT coalesce(max(sequence), 0) AS sequence FROM event_sequence)
        SELECT head.sequence,
            (SELECT epoch FROM event_epochs ORDER BY number DESC LIMIT 1) AS epoch,
            EXISTS (
                SELECT FROM event_epochs AS named
                LEFT JOIN event_epochs AS next ON next.number = named.number + 1
                WHERE named.epoch = :epoch AND :sequence <= coalesce(next.after_sequence, head.sequence)
            ) AS holds_cursor
        FROM head
        """
    ).bindparams(bindparam("epoch", type_=Uuid), bindparam("sequence", type_=BigInteger)),
)


async def read_state(reader: Reader, *, cursor: EventCursor | None) -> LogState:
    """Where the log ends now, and whether ``cursor`` names an event of this log (no cursor names none)."""
    parameters = {"epoch": cursor and cursor.epoch, "sequence": cursor and cursor.sequence}
    (row,) = await _fetch(reader, _STATE, parameters)
    return LogState(EventCursor(row.epoch, row.sequence), row.holds_cursor)


async def _fetch(reader: Reader, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
    try:
        return await reader.fetch(statement, Row, parameters)
    except asyncpg.InternalClientError as error:
        # What asyncpg's pool says when it takes back a connection that was cut in the middle of a statement.
        raise DatabaseUnavailable(str(error)) from error
