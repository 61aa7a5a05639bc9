"""Count stock anew, or move it up or down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.catalog.products import MOST_UNITS
from app.domain.refusals import Conflict, InvalidInput, NotFound, Refusal, RefusedError
from app.domain.text import LONGEST_SLUG, check_text
from app.events.log import append
from app.events.types import StockAdjusted
from app.repositories import stock
from app.usecases.transactions import Outcome

_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustStockCommand:
    """Either ``on_hand`` (what was counted) or ``delta`` (what came or went); ``warehouse`` is a slug, or None for the first."""

    variant_id: UUID
    warehouse: str | None
    on_hand: int | None
    delta: int | None
    reason: str
    expected_on_hand: int | None


class AdjustStock:
    """Stock never falls below zero; with ``expected_on_hand`` the change is made only if that is what lies there."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def execute(self, session: AsyncSession, command: AdjustStockCommand) -> Outcome:
        """Lock the level, change it, record it; the outcome's id is ``variant``."""
        _refuse_faults(command)
        product_id = await stock.find_product_of(session, command.variant_id)
        if product_id is None:
            raise RefusedError(NotFound(message="There is no such variant.", field=("input", "variantId")))
        warehouse_id = await _find_warehouse(session, command.warehouse)
        now = self._clock()
        levels = await stock.lock_levels(session, warehouse_id=warehouse_id, variant_ids=[command.variant_id], now=now)
        level = levels[command.variant_id]
        target = _decide(command, on_hand=level.on_hand, version=level.version)
        if target != level.on_hand:
            event = StockAdjusted(
                variant_id=command.variant_id,
                product_id=product_id,
                warehouse_id=warehouse_id,
                delta=target - level.on_hand,
                on_hand=target,
                reason=command.reason,
            )
            level.version = await append(
                session, stream=event.stream, after_version=level.version, events=[event], metadata={}
            )
            level.on_hand, level.updated_at = target, now
            await session.flush()
        return Outcome(ids={"variant": command.variant_id})


def _refuse_faults(command: AdjustStockCommand) -> None:
    faults: list[Refusal] = [
        *check_text(command.reason, field=("input", "reason"), longest=_LONGEST_REASON, required=True),
        *check_text(command.warehouse, field=("input", "warehouse"), longest=LONGEST_SLUG),
    ]
    if (command.on_hand is None) == (command.delta is None):
        faults.append(InvalidInput(message="Give either onHand or delta.", field=("input",)))
    if command.on_hand is not None and not 0 <= command.on_hand <= MOST_UNITS:
        faults.append(InvalidInput(message=f"Must be between 0 and {MOST_UNITS}.", field=("input", "onHand")))
    if faults:
        raise RefusedError(*faults)


async def _find_warehouse(session: AsyncSession, slug: str | None) -> UUID:
    found = await (stock.find_first_warehouse_id(session) if slug is None else stock.find_warehouse_id(session, slug))
    if found is None:
        raise RefusedError(NotFound(message="There is no such warehouse.", field=("input", "warehouse")))
    return found


def _decide(command: AdjustStockCommand, *, on_hand: int, version: int) -> int:
    """How many units there are to be; raises `RefusedError` where that can't be."""
    if command.expected_on_hand is not None and command.expected_on_hand != on_hand:
        message = f"There are {on_hand} units, not {command.expected_on_hand}: somebody else changed them."
        raise RefusedError(Conflict(message=message, field=("input", "expectedOnHand"), current_version=version))
    target = command.on_hand if command.on_hand is not None else on_hand + (command.delta or 0)
    if target < 0:
        message = f"There are only {on_hand} units: stock can't fall below zero."
        raise RefusedError(InvalidInput(message=message, field=("input", "delta")))
    if target > MOST_UNITS:
        raise RefusedError(InvalidInput(message=f"At most {MOST_UNITS} units.", field=("input", "delta")))
    return target
