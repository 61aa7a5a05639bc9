"""Import products from a feed, in short transactions, as often as one likes.

A product that the shop has under the same slug is changed where the file says something else (`import_plan` has the
rules); one that is as the file says is left alone: no event, no new version. So an import that was cut off is simply
done again.
A handle that comes back later in the file is one more change of the same product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.refusals import InvalidInput
from app.domain.text import slugify
from app.events.log import append_many
from app.ports.product_feed import Fault, FeedMedia, FeedProduct, FeedVariant, RefusedProduct
from app.repositories.product_imports import (
    Place,
    ProductRows,
    find_categories,
    find_sku_owners,
    lock_products,
    write_products,
)
from app.usecases.catalog.import_plan import ProductPlan, plan_product
from app.usecases.catalog.import_state import ImportState
from app.usecases.transactions import Outcome, Transactions

MOST_PRODUCTS = 100
"""Products in one transaction."""
MOST_ROWS = 1_000
"""Rows of the file in one transaction, but for a product that has more of them alone."""


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """How far the import has come, in products and rows of the file."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    rows: int = 0

    @property
    def products(self) -> int:
        """All of them, whatever became of them."""
        return self.created + self.updated + self.unchanged + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProductsCommand:
    """What to import, where its prices and stock belong, and whom to tell."""

    products: Iterable[FeedProduct | RefusedProduct]
    place: Place
    stops_at_first: bool
    """Whether the first refused product ends the import; what was imported before it stays."""
    name_field: Callable[[Sequence[str]], str]
    on_refused: Callable[[RefusedProduct], None]
    on_progress: Callable[[ImportReport], None]


@dataclass(slots=True)
class _BatchResult:
    """What came of the products of one batch, in their order."""

    plans: list[ProductPlan] = field(default_factory=list)


class ImportProducts:
    """A product is taken whole or refused whole; those after it are imported all the same."""

    def __init__(
        self, *, transactions: Transactions, new_id: Callable[[], UUID], clock: Callable[[], datetime]
    ) -> None:
        self._transactions = transactions
        self._new_id = new_id
        self._clock = clock

    async def execute(self, command: ImportProductsCommand, *, report: ImportReport) -> bool:
        """Import everything, counting in ``report``; False if the first refusal has ended it."""
        for item in _batches(command.products):
            if isinstance(item, RefusedProduct):
                refusals = [item]
            else:
                refusals = await self._import(item, command, report=report)
            for refusal in refusals:
                report.refused += 1
                report.rows += refusal.rows
                command.on_refused(refusal)
            command.on_progress(report)
            if refusals and command.stops_at_first:
                return False
        return True

    async def _import(
        self, batch: Sequence[FeedProduct], command: ImportProductsCommand, *, report: ImportReport
    ) -> list[RefusedProduct]:
        result = _BatchResult()

        async def work(session: AsyncSession) -> Outcome:
            # After a lost race everything is read and decided anew.
            result.plans = await self._plan(session, batch, command)
            await _write(session, result.plans)
            return Outcome()

        await self._transactions.run(work)
        refused: list[RefusedProduct] = []
        # In strict mode, planning ends with the first fault: the products after it have no plan.
        for feed, plan in zip(batch, result.plans, strict=False):
            if plan.faults:
                refused.append(_refusal(feed, plan.faults, name_field=command.name_field))
                continue
            report.rows += feed.rows
            if plan.is_new:
                report.created += 1
            elif plan.changes_anything:
                report.updated += 1
            else:
                report.unchanged += 1
        return refused

    async def _plan(
        self, session: AsyncSession, batch: Sequence[FeedProduct], command: ImportProductsCommand
    ) -> list[ProductPlan]:
        skus = {variant.draft.sku for feed in batch for variant in feed.variants if variant.draft.sku}
        categories = {slugify(feed.category) for feed in batch if feed.category}
        # Looked at before the products are: a product that another import adds in between brings its SKUs with it. The other
        # way round they would seem to belong to a stranger.
        state = ImportState(
            place=command.place,
            now=self._clock(),
            new_id=self._new_id,
            categories=await find_categories(session, categories) if categories else {},
            sku_owners=dict(await find_sku_owners(session, skus)) if skus else {},
        )
        stored = await lock_products(session, slugs=[feed.product.slug for feed in batch], place=command.place)
        plans: list[ProductPlan] = []
        for feed in batch:
            plan = plan_product(feed, stored.get(feed.product.slug), state=state)
            plans.append(plan)
            if not plan.faults:
                state.sku_owners |= plan.sku_owners
                state.categories |= {row["slug"]: row["id"] for row in plan.rows.categories}
            elif command.stops_at_first:
                break
        return plans


async def _write(session: AsyncSession, plans: Sequence[ProductPlan]) -> None:
    accepted = [plan for plan in plans if not plan.faults and plan.changes_anything]
    await write_products(session, ProductRows.joined(plan.rows for plan in accepted))
    await append_many(session, streams=[stream for plan in accepted for stream in plan.streams], metadata={})


def _batches(products: Iterable[FeedProduct | RefusedProduct]) -> Iterator[list[FeedProduct] | RefusedProduct]:
    """Products that go into one transaction, each slug once; refused ones in between, in the order of the file."""
    batch: list[FeedProduct] = []
    slugs: set[str] = set()
    rows = 0
    for product in products:
        is_full = len(batch) == MOST_PRODUCTS or rows + product.rows > MOST_ROWS
        if batch and (is_full or isinstance(product, RefusedProduct) or product.product.slug in slugs):
            yield batch
            batch, slugs, rows = [], set(), 0
        if isinstance(product, RefusedProduct):
            yield product
            continue
        batch.append(product)
        slugs.add(product.product.slug)
        rows += product.rows
    if batch:
        yield batch


def _refusal(
    feed: FeedProduct, faults: Sequence[InvalidInput], *, name_field: Callable[[Sequence[str]], str]
) -> RefusedProduct:
    located = [
        Fault(_line(feed, fault.field or ()), f"{name_field(fault.field or ())}: {fault.message}") for fault in faults
    ]
    return RefusedProduct(
        slug=feed.product.slug,
        line=feed.line,
        rows=feed.rows,
        faults=tuple(sorted(located, key=lambda fault: fault.line)),
    )


def _line(feed: FeedProduct, path: Sequence[str]) -> int:
    """The line of the file that a path into the drafts leads to."""
    if len(path) < 2 or not path[1].isdigit():
        return feed.line
    parts: dict[str, Sequence[FeedVariant | FeedMedia]] = {"variants": feed.variants, "media": feed.media}
    rows = parts.get(path[0], ())
    return rows[int(path[1])].line if int(path[1]) < len(rows) else feed.line
