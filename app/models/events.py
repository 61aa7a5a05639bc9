"""The tables of the log: what happened, in which order it is read, and how far each reader has come."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Integer, Text, UniqueConstraint, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Instant, Model


class StoredEvent(Model):
    """One event as its writer left it. Rows are added and never changed: a trigger refuses the rest."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("stream", "version"),)

    # Drawn one by one (no CACHE): whoever begins after another's commit must get the higher position.
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True, cache=1), primary_key=True)
    stream: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    """Counts the events of its stream from 1; the unique pair with ``stream`` is the concurrency control."""
    type: Mapped[str] = mapped_column(Text)
    schema_version: Mapped[int] = mapped_column(Integer)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB)
    recorded_at: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())


class InboxEntry(Model):
    """An event that waits for its place in the order. Written with the event, deleted by the sequencer."""

    __tablename__ = "event_inbox"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class SequencedEvent(Model):
    """The order in which everyone reads the log: 1, 2, 3 … without gaps."""

    __tablename__ = "event_sequence"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, ForeignKey("events.position"), unique=True)


class EventEpoch(Model):
    """A stretch of the log that one run of one PostgreSQL server has sequenced.

    After a restore the same sequence numbers are given out again, to other events. The epoch tells them apart.
    """

    __tablename__ = "event_epochs"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    # Random, since two restores of one dump would both go on with the same number.
    epoch: Mapped[UUID] = mapped_column(Uuid, unique=True, server_default=func.gen_random_uuid())
    system_identifier: Mapped[int] = mapped_column(BigInteger)
    timeline: Mapped[int] = mapped_column(Integer)
    server_started_at: Mapped[Instant]
    after_sequence: Mapped[int] = mapped_column(BigInteger)
    """The last sequence of the epochs before this one."""
    started_at: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())


class EventConsumer(Model):
    """How far one consumer has come: every event up to ``sequence`` is handled."""

    __tablename__ = "event_consumers"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    updated_at: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())
