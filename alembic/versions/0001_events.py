"""The log of events."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the log, its inbox, its order, and the places of its readers."""
    op.create_table(
        "events",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True, cache=1), primary_key=True),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_events"),
        sa.UniqueConstraint("stream", "version", name="uq_events_stream_version"),
    )
    op.create_table(
        "event_inbox",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_event_inbox"),
    )
    # The inbox is as good as empty all the time; left to the usual share of its size, its dead rows would pile up.
    op.execute(
        "ALTER TABLE event_inbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,"
        " autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0)"
    )
    op.create_table(
        "event_sequence",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_event_sequence"),
        sa.UniqueConstraint("position", name="uq_event_sequence_position"),
        sa.ForeignKeyConstraint(["position"], ["events.position"], name="fk_event_sequence_position_events"),
    )
    op.create_table(
        "event_epochs",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("system_identifier", sa.BigInteger(), nullable=False),
        sa.Column("timeline", sa.Integer(), nullable=False),
        sa.Column("server_started_at", INSTANT, nullable=False),
        sa.Column("after_sequence", sa.BigInteger(), nullable=False),
        sa.Column("started_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_event_epochs"),
        sa.UniqueConstraint("epoch", name="uq_event_epochs_epoch"),
    )
    op.create_table(
        "event_consumers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated_at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_event_consumers"),
    )
    _begin_first_epoch()
    _refuse_changes()


def _begin_first_epoch() -> None:
    """There is always an epoch, so that readers need no case for none."""
    op.execute(
        "INSERT INTO event_epochs (number, system_identifier, timeline, server_started_at, after_sequence)"
        " SELECT 1, system_identifier, timeline_id, pg_postmaster_start_time(), 0"
        " FROM pg_control_system(), pg_control_checkpoint()"
    )


def _refuse_changes() -> None:
    """What is in the log was said to others already."""
    op.execute(
        "CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'events are appended, never changed: % refused', TG_OP; END $$"
    )
    op.execute(
        "CREATE TRIGGER refuse_event_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change()"
    )


def downgrade() -> None:
    """Drop the log and everything in it."""
    for table in ("event_consumers", "event_epochs", "event_sequence", "event_inbox", "events"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_event_change()")
