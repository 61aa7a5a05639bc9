"""The sequencer: gives each event its place in the order that all readers follow.

One leader moves positions from the inbox to ``event_sequence``, a batch in one statement and so in one transaction.
Why this skips nothing and keeps causes before effects is argued in
``docs/decisions/0002-the-log-is-sequenced-from-an-inbox.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.database import Database
from app.events.leadership import leadership
from app.events.wakeups import EVENTS_CHANNEL, WAKE_CHANNEL, hint, wakeups
from app.ports.pubsub import PubSub

if TYPE_CHECKING:
    from app.events.leadership import Connection

# The lowest positions of what the snapshot sees go first. Numbers follow the last one given; should there ever be two
# sequencers, the primary key refuses the second one's batch as a whole.
_SEQUENCE = """
    WITH taken AS (
        DELETE FROM event_inbox
        WHERE position IN (SELECT position FROM event_inbox ORDER BY position LIMIT $1)
        RETURNING position
    ), numbered AS (
        INSERT INTO event_sequence (sequence, position)
        SELECT (SELECT coalesce(max(sequence), 0) FROM event_sequence) + row_number() OVER (ORDER BY position), position
        FROM taken
        RETURNING sequence
    )
    SELECT count(*) AS size, max(sequence) AS head FROM numbered
"""

# A restored database runs in another server, on another timeline, or at the least in a server that was started since.
# A new epoch that loses nothing costs one row; cursors from before it stay good.
_BEGIN_EPOCH = """
    INSERT INTO event_epochs (number, system_identifier, timeline, server_started_at, after_sequence)
    SELECT newest.number + 1, system.system_identifier, control.timeline_id, pg_postmaster_start_time(),
        (SELECT coalesce(max(sequence), 0) FROM event_sequence)
    FROM (SELECT * FROM event_epochs ORDER BY number DESC LIMIT 1) AS newest,
        pg_control_system() AS system, pg_control_checkpoint() AS control
    WHERE (newest.system_identifier, newest.timeline, newest.server_started_at)
        <> (system.system_identifier, control.timeline_id, pg_postmaster_start_time())
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step of the sequencer did: how many events it numbered, and the last number (None when none)."""

    size: int
    head: int | None


async def begin_epoch(connection: Connection) -> None:
    """Start a new epoch if this server isn't the run that the newest epoch belongs to; for the leader alone."""
    await connection.execute(_BEGIN_EPOCH)


async def sequence_batch(connection: Connection, *, limit: int) -> Batch:
    """Number at most ``limit`` events, the earliest positions first; for the leader alone."""
    row = await connection.fetchrow(_SEQUENCE, limit)
    assert row is not None, "an aggregate without GROUP BY always gives a row"
    return Batch(row["size"], row["head"])


class Sequencer:
    """Runs in every worker process; one of them leads, the others stand by."""

    def __init__(self, *, database: Database, pubsub: PubSub, batch_size: int = 1000) -> None:
        self._database = database
        self._pubsub = pubsub
        self._batch_size = batch_size

    async def run(self, be_well: Callable[[], None]) -> None:
        """Lead, or wait for it, until cancelled; raises when PostgreSQL goes away (see `keep_running`)."""
        async with (
            leadership(self._database, role="sequencer") as connection,
            wakeups(self._pubsub, channel=WAKE_CHANNEL) as waiting,
        ):
            await begin_epoch(connection)
            while True:
                batch = await sequence_batch(connection, limit=self._batch_size)
                be_well()
                if batch.size:
                    await hint(self._pubsub, channel=EVENTS_CHANNEL, message=str(batch.head))
                if batch.size < self._batch_size:
                    await waiting.wait()
