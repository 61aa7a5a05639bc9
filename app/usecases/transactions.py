"""How every use case is run: one transaction, idempotent by key, tried again after a lost race, and heard of afterwards.

A use case gets the session of an open transaction and either returns its outcome or raises `RefusedError`. Here is decided what
that means: commit with its events, or nothing but the remembered refusal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from app.domain.refusals import InvalidInput, Refusal, RefusedError, from_data, to_data
from app.events.log import StaleStream
from app.events.wakeups import wake
from app.ports.pubsub import PubSub
from app.repositories.idempotency import claim_key, keep_outcome

KEPT_FOR = timedelta(days=1)
_MOST_ATTEMPTS = 5
# A writer was in our way: a deadlock, or a row that came or went between our look and our write. Looking again, the use case
# sees what the other did and gives the refusal with the path that belongs to it.
_LOST_RACES = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.UniqueViolationError,
    asyncpg.ForeignKeyViolationError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a use case: the ids of what it made or changed, or why it was refused."""

    ids: Mapping[str, UUID] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """The key of one attempt: whose it is, for which field, with which input."""

    client: str
    field: str
    key: str
    input_hash: bytes


Work = Callable[[AsyncSession], Awaitable[Outcome]]


class Transactions:
    """Runs use cases on the database and wakes the relay after each commit."""

    def __init__(self, *, database: Database, pubsub: PubSub, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._pubsub = pubsub
        self._clock = clock

    async def run(self, work: Work, *, idempotency: Idempotency | None = None) -> Outcome:
        """The outcome of ``work``, committed; or the one that the same key had before, without doing it again."""
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            try:
                outcome = await self._attempt(work, idempotency)
            except (DBAPIError, StaleStream) as error:
                if attempt == _MOST_ATTEMPTS or not _is_lost_race(error):
                    raise
            else:
                if not outcome.refusals:
                    await wake(self._pubsub)
                return outcome
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, work: Work, idempotency: Idempotency | None) -> Outcome:
        if idempotency is None:
            try:
                async with self._database.transaction() as session:
                    return await work(session)
            except RefusedError as refused:
                return Outcome(refusals=refused.refusals)
        async with self._database.transaction() as session:
            now = self._clock()
            # Whoever comes with the same key waits here until the first is through.
            earlier = await claim_key(session, **_columns(idempotency), now=now, expires_at=now + KEPT_FOR)
            if earlier is not None:
                return _repeat(earlier.outcome, same_input=earlier.input_hash == idempotency.input_hash)
            try:
                async with session.begin_nested():
                    outcome = await work(session)
            except RefusedError as refused:
                outcome = Outcome(refusals=refused.refusals)
            await keep_outcome(session, **_columns(idempotency), outcome=_to_json(outcome))
            return outcome


def _columns(idempotency: Idempotency) -> dict[str, Any]:
    return {name: getattr(idempotency, name) for name in ("client", "field", "key", "input_hash")}


def _repeat(kept: Mapping[str, Any], *, same_input: bool) -> Outcome:
    if not same_input:
        message = "This idempotency key was used with another input: take a new key for a new request."
        return Outcome(refusals=(InvalidInput(code="IDEMPOTENCY_KEY_REUSED", message=message),))
    return Outcome(
        ids={name: UUID(text) for name, text in kept["ids"].items()},
        refusals=tuple(from_data(data) for data in kept["refusals"]),
    )


def _to_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "ids": {name: str(id) for name, id in outcome.ids.items()},
        "refusals": [to_data(refusal) for refusal in outcome.refusals],
    }


def _is_lost_race(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, (*_LOST_RACES, StaleStream)):
            return True
        error = getattr(error, "orig", None) or error.__cause__
    return False
