"""Open a shop: the first channel and the first warehouse, without which nothing can be priced or stocked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from app.database import Database
from app.repositories.shop import add_first_channel, add_first_warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShopCommand:
    """How the first channel is called, and in which currency it sells."""

    channel: str = "default"
    currency_code: str = "USD"
    warehouse: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedShop:
    """The ids of the channel and the warehouse, and the channel's currency; those of before where they existed."""

    channel_id: UUID
    currency_code: str
    warehouse_id: UUID


class OpenShop:
    """A shop that has the channel and the warehouse already is left as it is; their currency and names are kept."""

    def __init__(self, *, database: Database, new_id: Callable[[], UUID]) -> None:
        self._database = database
        self._new_id = new_id

    async def execute(self, command: OpenShopCommand) -> OpenedShop:
        """Make what is missing, in one transaction; safe when called at once from several places."""
        async with self._database.transaction() as session:
            channel = await add_first_channel(
                session, id=self._new_id(), slug=command.channel, currency_code=command.currency_code
            )
            warehouse_id = await add_first_warehouse(session, id=self._new_id(), slug=command.warehouse)
        return OpenedShop(channel_id=channel.id, currency_code=channel.currency_code, warehouse_id=warehouse_id)
