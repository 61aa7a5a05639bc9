"""What the use cases that write variants share: from drafts to rows, whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.catalog.products import (
    MOST_VARIANTS,
    OptionDraft,
    VariantDraft,
    check_variant,
    extended_options,
    option_values,
    variant_name,
)
from app.domain.money import parse_minor
from app.domain.refusals import InvalidInput, NotFound, Refusal, RefusedError
from app.events.log import append_many
from app.events.types import StockAdjusted
from app.repositories import products, stock


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPricing:
    """The channel that drafts' prices are for."""

    channel_id: UUID
    currency_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedVariants:
    """Ids in the order of the drafts, apart for new and changed ones."""

    created_ids: tuple[UUID, ...]
    updated_ids: tuple[UUID, ...]


async def save_variants(
    session: AsyncSession,
    *,
    product_id: UUID,
    drafts: Sequence[VariantDraft],
    pricing: ChannelPricing,
    new_id: Callable[[], UUID],
    now: datetime,
    at: tuple[str, ...] = ("input", "variants"),
) -> SavedVariants:
    """Add or change variants of a locked product, all of them or none; raises `RefusedError` with a path for each fault.

    A draft is recognised by its id, else by its SKU, else by its options. The number of statements doesn't depend on the
    number of drafts.
    """
    options = await products.list_options(session, product_id)
    existing = await products.list_variant_keys(session, product_id)
    plan = _Plan(options=options, existing=existing, new_id=new_id)
    media = await products.media_ids_by_url(session, product_id)
    for number, draft in enumerate(drafts):
        plan.add(draft, media=media, currency_code=pricing.currency_code, at=(*at, str(number)))
    await _refuse_taken_skus(session, plan, product_id=product_id, drafts=drafts, at=at)
    plan.refuse_faults(at=at)
    used = [row["option_values"] for row in plan.rows]
    extended = extended_options(options, [tuple(values) for values in used])
    if list(extended) != options:
        await products.replace_options(session, product_id=product_id, options=extended)
    rows = [{**row, "product_id": product_id} for row in plan.rows]
    await products.upsert_variants(session, rows=rows, now=now)
    await _save_prices(session, drafts=drafts, ids=plan.ids, pricing=pricing)
    created = [(id, draft) for id, draft in zip(plan.ids, drafts, strict=True) if id in plan.created]
    await _stock_new(session, created, product_id=product_id, now=now)
    return SavedVariants(
        created_ids=tuple(id for id, _ in created),
        updated_ids=tuple(id for id in plan.ids if id not in plan.created),
    )


class _Plan:
    """Rows to write, gathered draft by draft, with what is wrong with them."""

    def __init__(
        self, *, options: Sequence[OptionDraft], existing: Sequence[products.VariantKeys], new_id: Callable[[], UUID]
    ) -> None:
        self._option_names = [option.name for option in options]
        self._by_id = {keys.id: keys for keys in existing}
        self._by_sku = {keys.sku: keys for keys in existing if keys.sku}
        self._by_values = {keys.option_values: keys for keys in existing}
        self._next_position = max((keys.position for keys in existing), default=-1) + 1
        self._new_id = new_id
        self.faults: list[Refusal] = []
        self.rows: list[dict[str, Any]] = []
        self.ids: list[UUID] = []
        self.created: set[UUID] = set()

    def add(self, draft: VariantDraft, *, media: dict[str, UUID], currency_code: str, at: tuple[str, ...]) -> None:
        """Plan one draft, or note what is wrong with it."""
        self.faults += check_variant(draft, currency_code=currency_code, at=at)
        if draft.id is not None and draft.id not in self._by_id:
            self.faults.append(NotFound(message="The product has no such variant.", field=(*at, "id")))
            return
        if draft.media_url is not None and draft.media_url not in media:
            message = "Must be the URL of one of the product's pictures."
            self.faults.append(InvalidInput(message=message, field=(*at, "mediaUrl")))
        known = self._by_id.get(draft.id) if draft.id else self._by_sku.get(draft.sku or "")
        if known is not None and not draft.options:
            values = known.option_values
        else:
            values, problems = option_values(draft, options=self._option_names, at=at)
            self.faults += problems
            known = known or self._by_values.get(values)
        row = _row(draft, values=values, media_id=media.get(draft.media_url or ""))
        if known is not None:
            row |= {name: known.columns[name] for name in draft.kept}
        row["id"] = known.id if known else self._new_id()
        row["position"] = known.position if known else self._next_position
        if known is None:
            self.created.add(row["id"])
            self._next_position += 1
        self.ids.append(row["id"])
        self.rows.append(row)

    def refuse_faults(self, *, at: tuple[str, ...]) -> None:
        """Raise `RefusedError` where anything is wrong, with a draft or between them."""
        values = [tuple(row["option_values"]) for row in self.rows]
        taken = {keys.option_values: keys.id for keys in self._by_id.values() if keys.id not in set(self.ids)}
        for number, own in enumerate(values):
            if own in values[:number] or own in taken:
                message = f"Another variant has these options: {variant_name(own)}."
                self.faults.append(InvalidInput(message=message, field=(*at, str(number), "options")))
        if len(self._by_id) + len(self.created) > MOST_VARIANTS:
            self.faults.append(InvalidInput(message=f"A product has at most {MOST_VARIANTS} variants.", field=at))
        if self.faults:
            raise RefusedError(*self.faults)


def _row(draft: VariantDraft, *, values: Sequence[str], media_id: UUID | None) -> dict[str, Any]:
    return {
        "sku": draft.sku,
        "name": variant_name(values),
        "option_values": list(values),
        "barcode": draft.barcode,
        "weight_grams": draft.weight_grams,
        "media_id": media_id,
        "is_tracked": draft.is_tracked,
        "inventory_policy": draft.inventory_policy,
        "metafields": dict(draft.metafields),
    }


async def _refuse_taken_skus(
    session: AsyncSession, plan: _Plan, *, product_id: UUID, drafts: Sequence[VariantDraft], at: tuple[str, ...]
) -> None:
    # A text with a fault may be one that PostgreSQL can't even be asked for.
    skus = [] if plan.faults else [draft.sku for draft in drafts if draft.sku]
    taken = await products.find_taken_skus(session, skus=skus, other_than=product_id) if skus else set()
    seen: set[str] = set()
    for number, draft in enumerate(drafts):
        if draft.sku and (draft.sku in taken or draft.sku in seen):
            message = f"The SKU {draft.sku} belongs to another variant."
            plan.faults.append(InvalidInput(code="TAKEN", message=message, field=(*at, str(number), "sku")))
        seen.add(draft.sku or "")


async def _save_prices(
    session: AsyncSession, *, drafts: Sequence[VariantDraft], ids: Sequence[UUID], pricing: ChannelPricing
) -> None:
    currency = pricing.currency_code
    for keeps_compare_at in (False, True):
        rows = [
            {
                "variant_id": id,
                "channel_id": pricing.channel_id,
                "currency_code": currency,
                "amount_minor": parse_minor(draft.price, currency),
                "compare_at_minor": parse_minor(draft.compare_at_price, currency) if draft.compare_at_price else None,
            }
            for id, draft in zip(ids, drafts, strict=True)
            if draft.price is not None and ("compare_at_price" in draft.kept) is keeps_compare_at
        ]
        await products.upsert_prices(session, rows=rows, keep_compare_at=keeps_compare_at)


async def _stock_new(
    session: AsyncSession, created: Sequence[tuple[UUID, VariantDraft]], *, product_id: UUID, now: datetime
) -> None:
    units = {id: draft.on_hand for id, draft in created if draft.on_hand is not None}
    warehouse_id = await stock.find_first_warehouse_id(session) if units else None
    if warehouse_id is None:
        return
    await stock.add_levels(session, warehouse_id=warehouse_id, units=units, now=now)
    events = [
        StockAdjusted(
            variant_id=variant_id,
            product_id=product_id,
            warehouse_id=warehouse_id,
            delta=on_hand,
            on_hand=on_hand,
            reason="initial",
        )
        for variant_id, on_hand in units.items()
    ]
    await append_many(session, streams=[(event.stream, 0, [event]) for event in events], metadata={})
