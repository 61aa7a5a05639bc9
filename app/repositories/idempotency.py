"""The SQL behind idempotency keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.idempotency import IdempotencyKey


async def claim_key(
    session: AsyncSession, *, client: str, field: str, key: str, input_hash: bytes, now: datetime, expires_at: datetime
) -> IdempotencyKey | None:
    """Make the key ours and return None, or return what is kept under it.

    Waits for a transaction that has claimed the same key: the unique index lets one of them through.
    """
    new = insert(IdempotencyKey).values(
        client=client, field=field, key=key, input_hash=input_hash, outcome={}, expires_at=expires_at
    )
    claimed = await session.execute(
        new.on_conflict_do_update(
            index_elements=["client", "field", "key"],
            set_={"input_hash": new.excluded.input_hash, "outcome": {}, "expires_at": new.excluded.expires_at},
            where=IdempotencyKey.expires_at <= now,
        ).returning(IdempotencyKey.key)
    )
    if claimed.first() is not None:
        return None
    mine = (IdempotencyKey.client == client, IdempotencyKey.field == field, IdempotencyKey.key == key)
    return (await session.execute(select(IdempotencyKey).where(*mine))).scalar_one()


async def keep_outcome(
    session: AsyncSession, *, client: str, field: str, key: str, input_hash: bytes, outcome: Mapping[str, Any]
) -> None:
    """Remember what came of a key that was claimed in this transaction."""
    await session.execute(
        update(IdempotencyKey)
        .where(
            IdempotencyKey.client == client,
            IdempotencyKey.field == field,
            IdempotencyKey.key == key,
            IdempotencyKey.input_hash == input_hash,
        )
        .values(outcome=dict(outcome))
        .execution_options(synchronize_session=False)
    )


async def delete_expired_keys(session: AsyncSession, *, now: datetime, most: int = 1_000) -> int:
    """Forget some of the keys whose day is over, but none that is being claimed anew; returns how many."""
    key = (IdempotencyKey.client, IdempotencyKey.field, IdempotencyKey.key)
    expired = select(*key).where(IdempotencyKey.expires_at <= now).limit(most).with_for_update(skip_locked=True)
    statement = delete(IdempotencyKey).where(tuple_(*key).in_(expired)).returning(IdempotencyKey.key)
    return len((await session.execute(statement.execution_options(synchronize_session=False))).all())
