"""Forget idempotency keys whose day is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.database import Database
from app.repositories.idempotency import delete_expired_keys


class ForgetExpiredKeys:
    """A key that has expired counts as unused already; this only keeps the table small."""

    def __init__(self, *, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def execute(self) -> int:
        """Delete them in short transactions; returns how many there were."""
        total = 0
        while True:
            async with self._database.transaction() as session:
                deleted = await delete_expired_keys(session, now=self._clock())
            total += deleted
            if not deleted:
                return total
