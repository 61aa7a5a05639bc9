"""What is done every hour, whoever does it: removing what time has made useless."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime

from app.database import Database
from app.usecases.idempotency.forget_expired_keys import ForgetExpiredKeys

_PAUSE_SECONDS = 3600.0


async def keep_sweeping(database: Database, *, be_well: Callable[[], None]) -> None:
    """Sweep each hour until cancelled; several workers may, and none waits for another."""
    forget = ForgetExpiredKeys(database=database, clock=lambda: datetime.now(UTC))
    while True:
        await forget.execute()
        be_well()
        # Spread, so that workers which were started together don't sweep together.
        await asyncio.sleep(_PAUSE_SECONDS * random.uniform(0.9, 1.1))
