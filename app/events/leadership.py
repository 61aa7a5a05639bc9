"""One process at a time does what must not be done twice: the leader holds an advisory lock of PostgreSQL.

The lock belongs to the leader's connection and ends with it, however the leader dies; there is no lease to expire and
no clock to trust. What must be done by the leader alone is done over that very connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import asyncpg

from app.database import UNAVAILABLE_ERRORS, Database

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_CONNECT_SECONDS = 5.0
_STATEMENT_SECONDS = 30.0
_CLOSE_SECONDS = 2.0
_CANDIDATE_SECONDS = 2.0

_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_SERVER_SETTINGS = {
    "application_name": "tradepost leader",
    "timezone": "UTC",
    "jit": "off",
    # A leader whose machine vanished without a word is given up by PostgreSQL after about ten seconds, not two hours.
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


@asynccontextmanager
async def leadership(database: Database, *, role: str) -> AsyncIterator[Connection]:
    """Wait until this process leads in ``role``, and lead during the block; gives the connection that holds the lock.

    Raises what asyncpg raises when that connection breaks: the leadership is lost then.
    """
    connection = await asyncpg.connect(
        database.url, timeout=_CONNECT_SECONDS, command_timeout=_STATEMENT_SECONDS, server_settings=_SERVER_SETTINGS
    )
    try:
        # Asked again and again instead of waited for: a statement that waits would keep a snapshot open all the time,
        # and with it every dead row of the database.
        while not await connection.fetchval(_TRY_LOCK, f"tradepost {role}"):  # noqa: ASYNC110
            await asyncio.sleep(_CANDIDATE_SECONDS)
        yield connection
    finally:
        with suppress(*UNAVAILABLE_ERRORS):
            await connection.close(timeout=_CLOSE_SECONDS)
