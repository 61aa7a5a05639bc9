"""What an import has to write of one product: the difference between what a file says and what the shop has.

The rules, which are Shopify's own where it has one:
- What the file has a column for is made what the file says; what it has no column for stays as it is.
- Variants are recognised by their option values. Those that the file doesn't name
  stay, pictures that it doesn't name go.
- An empty price or quantity leaves price and stock alone, so that nothing is unlisted or sold out by accident; an empty
  category leaves the category.
- An import adds values to options; it doesn't rename or add options, because no variant could be recognised then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.domain.catalog.products import (
    DEFAULT_OPTION,
    LONGEST_NAME,
    OptionDraft,
    ProductDraft,
    check_media,
    check_options,
    check_product,
    extended_options,
)
from app.domain.refusals import InvalidInput
from app.domain.text import check_text, slugify
from app.events.types import Event, ProductCreated, ProductUpdated, ProductVariantsUpserted
from app.ports.product_feed import FeedProduct
from app.repositories.product_imports import ProductRows, StoredProduct
from app.usecases.catalog.import_state import ImportState
from app.usecases.catalog.import_variants import VariantsPlan, VariantsPlanner, match_variants, merged_metafields
from app.usecases.catalog.products import sanitise

CATEGORY_NAME = "Type"
"""The metafield that keeps the category's name as the file gave it, since staff may choose another category later."""
_FIELDS = ("name", "description", "status", "vendor", "seo_title", "seo_description")


@dataclass(slots=True, kw_only=True)
class ProductPlan:
    """What to write and to record for one product; where there are faults, nothing."""

    is_new: bool
    faults: list[InvalidInput] = field(default_factory=list)
    """With paths into the drafts: ``("variants", "3", "price")``."""
    rows: ProductRows = field(default_factory=ProductRows)
    streams: list[tuple[str, int, Sequence[Event]]] = field(default_factory=list)
    sku_owners: dict[str, UUID | None] = field(default_factory=dict)

    @property
    def changes_anything(self) -> bool:
        """Whether the file says anything new: every change is recorded."""
        return bool(self.streams)


def plan_product(feed: FeedProduct, stored: StoredProduct | None, *, state: ImportState) -> ProductPlan:
    """Compare the two, and decide."""
    return _Planner(feed, stored, state=state).plan()


class _Planner:
    """Plans one product, part by part."""

    def __init__(self, feed: FeedProduct, stored: StoredProduct | None, *, state: ImportState) -> None:
        self._feed = feed
        self._stored = stored
        self._state = state
        self._id = stored.id if stored else state.new_id()
        self._result = ProductPlan(is_new=stored is None)
        self._changed: set[str] = set()

    def plan(self) -> ProductPlan:
        result, feed, state = self._result, self._feed, self._state
        result.faults += check_product(feed.product, at=())
        result.faults += check_options(feed.options, at=())
        result.faults += check_media([media.draft for media in feed.media], at=())
        names = self._option_names()
        if result.faults:
            return result
        matched, problems = match_variants(feed, self._stored, names=names, currency_code=state.place.currency_code)
        result.faults += problems
        if result.faults:
            return result
        columns = self._product_columns()
        media = self._plan_media()
        self._plan_options([own.values for own in matched])
        planner = VariantsPlanner(product_id=self._id, matched=matched, media=media, state=state)
        stored = self._stored.variants if self._stored else []
        variants = planner.plan(result.rows, stored=stored, names=feed.metafield_names)
        result.faults += planner.faults
        self._record(columns, variants=variants)
        return result

    def _option_names(self) -> list[str]:
        """The names of the product's options; notes a fault where the file has others than the shop."""
        given = [option.name for option in self._feed.options] or [DEFAULT_OPTION]
        if self._stored is None:
            return given
        names = [option.name for option in self._stored.options]
        if "options" not in self._feed.kept and given != names:
            message = (
                f"The product has the options {', '.join(names)} in the shop, and {', '.join(given)} in the file: "
                "an import can add values to options, but not change the options."
            )
            self._result.faults.append(InvalidInput(message=message, field=("options",)))
        return names

    def _product_columns(self) -> dict[str, Any]:
        """The product's columns as they are to be, noting the names of those that change."""
        draft, kept = self._feed.product, self._feed.kept
        before: Mapping[str, Any] = self._stored.columns if self._stored else _new_product(draft)
        wanted: dict[str, Any] = {name: getattr(draft, name) for name in _FIELDS if name not in kept}
        if "description" in wanted and wanted["description"] != before["description"]:
            wanted["description"] = sanitise(wanted["description"])
        if "tags" not in kept:
            wanted["tags"] = list(draft.tags)
        names = self._feed.metafield_names
        wanted["metafields"] = merged_metafields(before["metafields"], draft.metafields, names=names)
        category = self._feed.category
        known = before["metafields"].get(CATEGORY_NAME) or (self._stored.category_name if self._stored else None)
        if category is not None and category != known:
            wanted["metafields"] = {**wanted["metafields"], CATEGORY_NAME: category}
            wanted["category_id"] = self._category_id(category)
        # Nothing and an empty text are the same in a file, so they are no difference here.
        self._changed |= {name for name, value in wanted.items() if (value or None) != (before[name] or None)}
        return {**{name: before[name] for name in _new_product(draft)}, **wanted}

    def _category_id(self, name: str) -> UUID:
        """The category whose slug the name gives, to be added where there is none."""
        slug = slugify(name)
        id = self._state.categories.get(slug)
        if id is None:
            id = self._state.new_id()
            row = {"id": id, "slug": slug, "name": name, "parent_id": None, "path": [id], "level": 0}
            self._result.rows.categories.append(row)
            self._result.faults += check_text(name, field=("category",), longest=LONGEST_NAME)
        return id

    def _plan_media(self) -> dict[str, UUID]:
        """The ids of the pictures by URL, the first where one is there twice; a picture keeps its id with its URL."""
        before = self._stored.media if self._stored else []
        drafts = [media.draft for media in self._feed.media]
        same = [(own.url, own.alt or None) for own in before] == [(own.url, own.alt) for own in drafts]
        if same or "media" in self._feed.kept:
            return {media.url: media.id for media in reversed(before)}
        left: dict[str, list[UUID]] = {}
        for media in before:
            left.setdefault(media.url, []).append(media.id)
        rows: list[dict[str, Any]] = [
            {
                "id": left[draft.url].pop(0) if left.get(draft.url) else self._state.new_id(),
                "product_id": self._id,
                "position": position,
                "url": draft.url,
                "alt": draft.alt,
            }
            for position, draft in enumerate(drafts)
        ]
        self._result.rows.media += rows
        self._result.rows.dropped_media += [id for ids in left.values() for id in ids]
        self._changed.add("media")
        return {row["url"]: row["id"] for row in reversed(rows)}

    def _plan_options(self, used: Sequence[tuple[str, ...]]) -> None:
        before = self._stored.options if self._stored else []
        known = before or self._feed.options or [OptionDraft(name=DEFAULT_OPTION, values=())]
        options = extended_options(known, used)
        if list(options) != before:
            self._changed.add("options")
            self._result.rows.options += [
                {"product_id": self._id, "position": position, "name": option.name, "values": list(option.values)}
                for position, option in enumerate(options)
            ]

    def _record(self, columns: Mapping[str, Any], *, variants: VariantsPlan) -> None:
        """Note the events, and the product's row with the version that they bring it to."""
        id, stored, result = self._id, self._stored, self._result
        created, updated = tuple(variants.created), tuple(variants.updated)
        events: list[Event] = []
        if stored is None:
            events.append(ProductCreated(product_id=id))
        elif self._changed:
            events.append(ProductUpdated(product_id=id, changed=tuple(sorted(self._changed))))
        if stored is not None and (created or updated):
            events.append(ProductVariantsUpserted(product_id=id, created_ids=created, updated_ids=updated))
        if events:
            version, now = stored.columns["version"] if stored else 0, self._state.now
            result.streams.append((events[0].stream, version, events))
            version += len(events)
            result.rows.products.append({**columns, "id": id, "created_at": now, "updated_at": now, "version": version})
        result.streams += variants.stock_streams
        result.sku_owners = variants.sku_owners


def _new_product(draft: ProductDraft) -> dict[str, Any]:
    """The columns of a product of which a file says nothing."""
    return {
        "slug": draft.slug,
        "name": None,
        "description": None,
        "status": draft.status,
        "vendor": None,
        "tags": [],
        "seo_title": None,
        "seo_description": None,
        "category_id": None,
        "external_reference": None,
        "metafields": {},
    }
