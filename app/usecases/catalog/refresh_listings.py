"""Bring the listings of products up to date with their prices and stock."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.database import Database
from app.repositories.products import refresh_listings


class RefreshListings:
    """Derives everything anew, so that it may be done again at any time, in any order."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def execute(self, product_ids: Sequence[UUID]) -> None:
        """Refresh these products' listings in one transaction."""
        async with self._database.transaction() as session:
            await refresh_listings(session, product_ids)
