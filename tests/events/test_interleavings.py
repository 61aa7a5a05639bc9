"""Transactions of several writers and steps of the sequencer, in every order in which they can happen.

Each schedule says who makes a step when. The test itself knows what was committed before an event was appended, and so
what may have caused it: none of that may come later in the log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Any

import asyncpg
import pytest
from asyncpg.transaction import Transaction

from app.events.sequencer import sequence_batch
from tests.events.following import new_stream

WRITERS = 3
SEQUENCER = WRITERS

# The statement of `append`, for one event.
APPEND = """
    WITH appended AS (
        INSERT INTO events (stream, version, type, schema_version, data, metadata)
        VALUES ($1, 1, 'test', 1, '{}', '{}') RETURNING position
    )
    INSERT INTO event_inbox SELECT position FROM appended
"""


@cache
def interleavings(steps: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All orders of the steps of several actors, given how many steps each has."""
    if not any(steps):
        return [()]
    return [
        (actor, *rest)
        for actor, left in enumerate(steps)
        if left
        for rest in interleavings((*steps[:actor], left - 1, *steps[actor + 1 :]))
    ]


def schedules(steps: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Interleavings up to the names of the writers, who are alike: they make their first steps in the order 0, 1, 2."""
    for schedule in interleavings(steps):
        if sorted(range(WRITERS), key=schedule.index) == list(range(WRITERS)):
            yield schedule


def test_knows_all_interleavings() -> None:
    assert len(interleavings((3, 3, 3))) == 1680
    assert len(list(schedules((3, 3, 3)))) == 1680 // 6
    assert len(list(schedules((2, 2, 2, 2)))) == 2520 // 6


@dataclass
class World:
    """The connections of all actors, and what has happened in one schedule."""

    writers: Sequence[asyncpg.Connection[asyncpg.Record]]
    sequencer: asyncpg.Connection[asyncpg.Record]
    last: int = 0
    transactions: dict[int, Transaction] = field(default_factory=dict)
    streams: dict[int, str] = field(default_factory=dict)
    committed: set[str] = field(default_factory=set)
    causes: dict[str, set[str]] = field(default_factory=dict)

    async def begin(self, actor: int) -> None:
        connection = self.sequencer if actor == SEQUENCER else self.writers[actor]
        self.transactions[actor] = connection.transaction()
        await self.transactions[actor].start()

    async def append(self, writer: int) -> None:
        stream = self.streams[writer] = new_stream()
        self.causes[stream] = set(self.committed)
        await self.writers[writer].execute(APPEND, stream)

    async def end(self, actor: int, *, commits: bool) -> None:
        transaction = self.transactions.pop(actor)
        await (transaction.commit() if commits else transaction.rollback())
        if commits and actor != SEQUENCER:
            self.committed.add(self.streams[actor])

    async def check(self) -> None:
        """Let the sequencer finish, and compare."""
        while (await sequence_batch(self.sequencer, limit=2)).size:
            pass
        rows = await self.sequencer.fetch(
            "SELECT sequence, stream FROM event_sequence JOIN events USING (position) WHERE sequence > $1 ORDER BY 1",
            self.last,
        )
        order = [row["stream"] for row in rows]
        assert sorted(order) == sorted(self.committed)
        assert [row["sequence"] for row in rows] == list(range(self.last + 1, self.last + 1 + len(rows)))
        for place, stream in enumerate(order):
            assert self.causes[stream] <= set(order[:place]), f"{stream} comes before what caused it: {order}"
        self.last += len(rows)
        self.streams, self.committed, self.causes = {}, set(), {}


@pytest.fixture
async def world(url: str) -> AsyncIterator[World]:
    connections = [await asyncpg.connect(url) for _ in range(WRITERS + 1)]
    yield World(writers=connections[:WRITERS], sequencer=connections[WRITERS])
    for connection in connections:
        await connection.close()


ALL_ENDINGS = list(product([True, False], repeat=WRITERS))
ONE_FAILS_AT_MOST = [commits for commits in ALL_ENDINGS if sum(commits) >= WRITERS - 1]


@pytest.mark.timeout(180)
async def test_gives_each_event_once_when_it_looks_between_all_steps(world: World) -> None:
    steps = ("begin", "append", "end")
    for schedule, commits in product(schedules((3, 3, 3)), ALL_ENDINGS):
        for index, writer in enumerate(schedule):
            step = steps[schedule[:index].count(writer)]
            arguments: dict[str, Any] = {"commits": commits[writer]} if step == "end" else {}
            await getattr(world, step)(writer, **arguments)
            await sequence_batch(world.sequencer, limit=1)
        await world.check()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("sequencer_commits", [True, False])
async def test_gives_each_event_once_while_its_own_transaction_is_open(world: World, sequencer_commits: bool) -> None:
    for schedule, commits in product(schedules((2, 2, 2, 2)), ONE_FAILS_AT_MOST):
        for index, actor in enumerate(schedule):
            if actor in schedule[:index]:
                await world.end(actor, commits=sequencer_commits if actor == SEQUENCER else commits[actor])
                continue
            await world.begin(actor)
            if actor == SEQUENCER:
                await sequence_batch(world.sequencer, limit=2)
            else:
                await world.append(actor)
        await world.check()
