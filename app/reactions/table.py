"""When X happened, do Y: the whole table. A new reaction is a new row.

Reactions are jobs, since what follows a change must neither slow it down nor be lost with the process that made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.events.types import (
    Event,
    ProductCreated,
    ProductDeleted,
    ProductUpdated,
    ProductVariantsUpserted,
    StockAdjusted,
)

PRODUCTS_PER_JOB = 500

ProductEvent = ProductCreated | ProductUpdated | ProductDeleted | ProductVariantsUpserted | StockAdjusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What follows events of some types: for a batch of them, the arguments of each job."""

    name: str
    when: tuple[type[Event], ...]
    job: str
    arguments: Callable[[Sequence[Any]], Iterable[Mapping[str, Any]]]


def changed_products(events: Sequence[ProductEvent]) -> Iterator[Mapping[str, Any]]:
    """The products that the events are about, each once, in jobs of `PRODUCTS_PER_JOB` at most."""
    ids = list(dict.fromkeys(str(event.product_id) for event in events))
    for start in range(0, len(ids), PRODUCTS_PER_JOB):
        yield {"product_ids": ids[start : start + PRODUCTS_PER_JOB]}


REACTIONS = (
    Reaction(
        name="when_products_change_refresh_listings",
        when=(ProductCreated, ProductUpdated, ProductDeleted, ProductVariantsUpserted, StockAdjusted),
        job="catalog.refresh_listings",
        arguments=changed_products,
    ),
)
