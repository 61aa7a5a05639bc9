"""What the products of one batch of an import share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.repositories.product_imports import Place


@dataclass(slots=True, kw_only=True)
class ImportState:
    """The shop as the next product finds it: what those before it took or gave up is noted here."""

    place: Place
    now: datetime
    new_id: Callable[[], UUID]
    categories: dict[str, UUID]
    """Ids of categories by slug."""
    sku_owners: dict[str, UUID | None]
    """Ids of variants by SKU; None for one that is free now."""
