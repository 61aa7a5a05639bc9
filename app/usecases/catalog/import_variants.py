"""What an import has to write of one product's variants, their prices and their stock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.domain.catalog.products import (
    MOST_VARIANTS,
    VariantDraft,
    check_variant,
    option_values,
    variant_name,
)
from app.domain.money import parse_minor
from app.domain.refusals import InvalidInput
from app.events.types import Event, StockAdjusted
from app.ports.product_feed import FeedProduct, FeedVariant
from app.repositories.product_imports import ProductRows, StoredProduct, StoredVariant
from app.usecases.catalog.import_state import ImportState

REASON = "import"
"""Why stock was adjusted, as the log has it."""


@dataclass(slots=True, kw_only=True)
class VariantsPlan:
    """What became of the variants."""

    created: list[UUID] = field(default_factory=list)
    updated: list[UUID] = field(default_factory=list)
    stock_streams: list[tuple[str, int, Sequence[Event]]] = field(default_factory=list)
    sku_owners: dict[str, UUID | None] = field(default_factory=dict)
    """SKUs that change hands; None for those that are given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedVariant:
    """A draft with its option values in the product's order, and the variant that has them already."""

    draft: VariantDraft
    values: tuple[str, ...]
    stored: StoredVariant | None
    at: tuple[str, ...]


def match_variants(
    feed: FeedProduct, stored: StoredProduct | None, *, names: Sequence[str], currency_code: str
) -> tuple[list[MatchedVariant], list[InvalidInput]]:
    """The file's variants beside the shop's, recognised by their option values; and what is wrong with them."""
    variants = list(feed.variants)
    if not variants and stored is None and not feed.options:
        variants = [FeedVariant(line=feed.line, draft=VariantDraft())]
    known = {tuple(own.columns["option_values"]): own for own in stored.variants} if stored else {}
    matched: list[MatchedVariant] = []
    faults: list[InvalidInput] = []
    seen: set[tuple[str, ...]] = set()
    for number, variant in enumerate(variants):
        at = ("variants", str(number))
        faults += check_variant(variant.draft, currency_code=currency_code, at=at)
        values, problems = option_values(variant.draft, options=names, at=at)
        faults += problems
        if values in seen:
            message = f"Another row has these options: {variant_name(values)}."
            faults.append(InvalidInput(message=message, field=(*at, "options")))
        seen.add(values)
        matched.append(MatchedVariant(draft=variant.draft, values=values, stored=known.get(values), at=at))
    if len(seen | set(known)) > MOST_VARIANTS:
        faults.append(InvalidInput(message=f"A product has at most {MOST_VARIANTS} variants.", field=("variants",)))
    return matched, faults


class VariantsPlanner:
    """Plans the variants of one product into the rows that are to be written."""

    def __init__(
        self, *, product_id: UUID, matched: Sequence[MatchedVariant], media: Mapping[str, UUID], state: ImportState
    ) -> None:
        self._product_id = product_id
        self._matched = matched
        self._media = media
        self._state = state
        self.faults: list[InvalidInput] = []

    def plan(self, rows: ProductRows, *, stored: Sequence[StoredVariant], names: Collection[str]) -> VariantsPlan:
        """Add what changes to ``rows``; ``names`` are the metafields that the file speaks of."""
        plan = VariantsPlan()
        positions = _positions(self._matched, stored)
        ids = [own.stored.id if own.stored else self._state.new_id() for own in self._matched]
        wanted = [
            self._columns(own, position=position, names=names)
            for own, position in zip(self._matched, positions, strict=True)
        ]
        self._plan_skus(ids, wanted, plan=plan, rows=rows)
        for own, id, columns in zip(self._matched, ids, wanted, strict=True):
            price = self._price(own, variant_id=id)
            if price is not None:
                rows.prices.append(price)
            if own.stored is None:
                plan.created.append(id)
            elif price is not None or any(own.stored.columns[name] != value for name, value in columns.items()):
                plan.updated.append(id)
            else:
                columns = {}
            if columns:
                rows.variants.append(self._row(columns, id=id, stored=own.stored))
            self._plan_stock(own, variant_id=id, plan=plan, rows=rows)
        return plan

    def _columns(self, own: MatchedVariant, *, position: int, names: Collection[str]) -> dict[str, Any]:
        """The variant's columns as they are to be."""
        draft, stored = own.draft, own.stored
        metafields = stored.columns["metafields"] if stored else {}
        columns = {
            "position": position,
            "sku": draft.sku,
            "name": variant_name(own.values),
            "option_values": list(own.values),
            "barcode": draft.barcode,
            "weight_grams": draft.weight_grams,
            "media_id": self._media.get(draft.media_url or ""),
            "is_tracked": draft.is_tracked,
            "inventory_policy": draft.inventory_policy,
            "metafields": merged_metafields(metafields, draft.metafields, names=names),
        }
        if draft.media_url is not None and columns["media_id"] is None:
            message = "Must be the URL of one of the product's pictures."
            self.faults.append(InvalidInput(message=message, field=(*own.at, "mediaUrl")))
        if stored is None:
            return columns
        columns |= {name: stored.columns[name] for name in draft.kept if name in columns}
        if columns["media_id"] not in self._media.values():
            columns["media_id"] = None
        # Nothing and an empty text are the same in a file, so they are no difference here.
        same_as_none = {name for name, value in columns.items() if value is None and stored.columns[name] == ""}
        return {name: "" if name in same_as_none else value for name, value in columns.items()}

    def _plan_skus(
        self, ids: Sequence[UUID], wanted: Sequence[Mapping[str, Any]], *, plan: VariantsPlan, rows: ProductRows
    ) -> None:
        """Give up SKUs that change and take new ones, if they are free by then."""
        for own, columns in zip(self._matched, wanted, strict=True):
            before = own.stored.columns["sku"] if own.stored else None
            if before and before != columns["sku"] and own.stored:
                rows.released_skus.append(own.stored.id)
                plan.sku_owners[before] = None
        for own, id, columns in zip(self._matched, ids, wanted, strict=True):
            sku = columns["sku"]
            if not sku:
                continue
            owner = plan.sku_owners[sku] if sku in plan.sku_owners else self._state.sku_owners.get(sku)
            if owner not in (None, id):
                message = f"The SKU {sku} belongs to another variant."
                self.faults.append(InvalidInput(code="TAKEN", message=message, field=(*own.at, "sku")))
            plan.sku_owners[sku] = id

    def _price(self, own: MatchedVariant, *, variant_id: UUID) -> dict[str, Any] | None:
        """The row of a price that is new or another than before."""
        draft, stored, place = own.draft, own.stored, self._state.place
        if draft.price is None:
            return None
        amount = parse_minor(draft.price, place.currency_code)
        compare_at = parse_minor(draft.compare_at_price, place.currency_code) if draft.compare_at_price else None
        if stored is not None and "compare_at_price" in draft.kept:
            compare_at = stored.compare_at_minor
        if stored is not None and (stored.amount_minor, stored.compare_at_minor) == (amount, compare_at):
            return None
        return {
            "variant_id": variant_id,
            "channel_id": place.channel_id,
            "currency_code": place.currency_code,
            "amount_minor": amount,
            "compare_at_minor": compare_at,
        }

    def _row(self, columns: Mapping[str, Any], *, id: UUID, stored: StoredVariant | None) -> dict[str, Any]:
        now = self._state.now
        version = stored.columns["version"] + 1 if stored else 1
        return {
            **columns,
            "id": id,
            "product_id": self._product_id,
            "created_at": now,
            "updated_at": now,
            "version": version,
        }

    def _plan_stock(self, own: MatchedVariant, *, variant_id: UUID, plan: VariantsPlan, rows: ProductRows) -> None:
        """Count anew. The level isn't locked: the version of its stream tells if somebody else counted meanwhile."""
        warehouse_id, on_hand = self._state.place.warehouse_id, own.draft.on_hand
        before = own.stored.on_hand if own.stored else None
        if warehouse_id is None or on_hand is None or on_hand == before:
            return
        version = own.stored.level_version if own.stored else 0
        event = StockAdjusted(
            variant_id=variant_id,
            product_id=self._product_id,
            warehouse_id=warehouse_id,
            delta=on_hand - (before or 0),
            on_hand=on_hand,
            reason=REASON,
        )
        plan.stock_streams.append((event.stream, version, [event]))
        rows.levels.append(
            {
                "variant_id": variant_id,
                "warehouse_id": warehouse_id,
                "on_hand": on_hand,
                "version": version + 1,
                "updated_at": self._state.now,
            }
        )


def merged_metafields(before: Mapping[str, Any], given: Mapping[str, Any], *, names: Collection[str]) -> dict[str, Any]:
    """What was kept before, but for the texts that the file speaks of: of those, what it gives."""
    others = {name: value for name, value in before.items() if name not in names or not isinstance(value, str)}
    return {**others, **given}


def _positions(matched: Sequence[MatchedVariant], stored: Sequence[StoredVariant]) -> list[int]:
    """Where each variant stands: as in the file, if that has all of them; else new ones follow the old.

    Positions that give the wanted order already are left as they are, gaps and all.
    """
    known = [own.stored for own in matched if own.stored is not None]
    following = max((variant.columns["position"] for variant in stored), default=-1) + 1
    keeps_order = [variant.id for variant in known] == [variant.id for variant in stored]
    new_are_last = all(own.stored is None for own in matched[len(known) :])
    if len(known) == len(stored) and not (keeps_order and new_are_last):
        return list(range(len(matched)))
    positions = []
    for own in matched:
        if own.stored is not None:
            positions.append(own.stored.columns["position"])
        else:
            positions.append(following)
            following += 1
    return positions
