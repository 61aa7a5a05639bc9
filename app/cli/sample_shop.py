"""The sample shop of `make dev`: set up once, at the first start."""

from __future__ import annotations

from collections.abc import Callable

from app.bootstrap import build_application
from app.ids import new_id
from app.seeding.shop import SeedShop, SeedShopCommand, ShopNotEmpty
from app.settings import Settings
from app.usecases.pricing.open_shop import OpenShop, OpenShopCommand


async def open_sample_shop(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Give an empty database a channel, a warehouse and some products, all at once; one with products keeps what it has."""
    application = build_application(settings)
    try:
        opening = OpenShopCommand(channel=settings.default_channel)
        await OpenShop(database=application.database, new_id=new_id).execute(opening)
        if settings.sample_products == 0:
            return
        seeding = SeedShop(database=application.database, pubsub=application.pubsub)
        command = SeedShopCommand(products=settings.sample_products, channel=settings.default_channel)
        await seeding.execute(command, on_progress=lambda done: say(f"  {done} sample products"))
    except ShopNotEmpty:
        pass
    finally:
        await application.close()
