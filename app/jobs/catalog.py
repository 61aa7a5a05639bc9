"""Jobs of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.jobs.context import JobContext
from app.usecases.catalog.refresh_listings import RefreshListings


async def refresh_listings(context: JobContext, arguments: Mapping[str, Any]) -> None:
    """Bring the listings of ``product_ids`` up to date."""
    product_ids = [UUID(text) for text in arguments["product_ids"]]
    await RefreshListings(database=context.application.database).execute(product_ids)
