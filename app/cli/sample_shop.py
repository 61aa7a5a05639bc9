"""The sample shop of `make dev`: set up once, at the first start."""

from __future__ import annotations

from collections.abc import Callable

from app.bootstrap import build_application
from app.ids import new_id
from app.settings import Settings
from app.usecases.pricing.open_shop import OpenShop, OpenShopCommand


async def open_sample_shop(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Give an empty database a channel and a warehouse."""
    application = build_application(settings)
    try:
        await OpenShop(database=application.database, new_id=new_id).execute(OpenShopCommand())
    finally:
        await application.close()
