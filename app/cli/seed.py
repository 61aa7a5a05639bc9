"""``tradepost seed``: a believable shop of any size."""

from __future__ import annotations

import asyncio

import click

from app.cli.import_ import CommandError, Progress, open_application
from app.cli.services import services
from app.seeding.shop import SeedShop, SeedShopCommand, ShopNotEmpty
from app.settings import Settings, read_settings

_MOST_PRODUCTS = 10_000_000


@click.command()
@click.option("--products", type=click.IntRange(1, _MOST_PRODUCTS), default=1_000, show_default=True, help="How many.")
@click.option("--seed", "number", type=int, default=1, show_default=True, help="Another number, another shop.")
def seed(products: int, number: int) -> None:
    """Fill an empty shop with sample products.

    About four variants a product, with prices in two channels, pictures' addresses, stock, and about 40 categories. The
    same number of products and the same seed give the same shop, ids included.
    """
    with services(read_settings(), say=lambda line: click.echo(line, err=True)) as settings:
        command = SeedShopCommand(products=products, seed=number, channel=settings.default_channel)
        seconds = asyncio.run(_seed(settings, command))
    click.echo(f"{products:,} products in {seconds:.1f} seconds ({products / seconds:,.0f} a second).")


async def _seed(settings: Settings, command: SeedShopCommand) -> float:
    progress = Progress()
    async with open_application(settings) as application:
        seeding = SeedShop(database=application.database, pubsub=application.pubsub)
        try:
            await seeding.execute(
                command, on_progress=lambda done: progress.show(f"{done:,} of {command.products:,} products …")
            )
        except ShopNotEmpty:
            raise CommandError("The shop has products or categories already: samples go into an empty one.") from None
    progress.clear()
    return progress.seconds
