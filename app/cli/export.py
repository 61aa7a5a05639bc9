"""``tradepost export``: write the shop's products in another system's form."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from app.bootstrap import PRODUCT_FEEDS
from app.cli.import_ import CommandError, Progress, Target, find_place, open_application
from app.cli.services import services
from app.settings import Settings, read_settings
from app.usecases.catalog.export_products import ExportProducts


@click.group()
def export() -> None:
    """Write the shop's products in another system's form."""


@export.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--channel", metavar="SLUG", help="The channel whose prices are written (TRADEPOST_DEFAULT_CHANNEL).")
def shopify(file: Path | None, channel: str | None) -> None:
    """Write all products as Shopify's product CSV to FILE, or to the standard output.

    Products come in the order of their slugs with the stock of the first warehouse. As long as the shop stays the same,
    so do the bytes; imported again, they change nothing. Cells are written as they are: a spreadsheet takes those that
    begin with = or @ for formulas, so open texts that strangers wrote as text.
    """
    settings, target = read_settings(), Target(channel=channel, currency=None)
    target.check()
    with services(settings, say=lambda line: click.echo(line, err=True)) as running:
        products = asyncio.run(_export(running, file, target=target))
    click.echo(f"{products:,} products exported.", err=True)


async def _export(settings: Settings, file: Path | None, *, target: Target) -> int:
    progress = Progress()
    products = 0
    async with open_application(settings) as application:
        place = await find_place(application, target=target)
        exporting = ExportProducts(database=application.database, feed=PRODUCT_FEEDS["shopify"])
        with _written(file) as output:
            async for count, piece in exporting.execute(place=place):
                output.write(piece.encode())
                products += count
                progress.show(f"{products:,} products …")
    progress.clear()
    return products


@contextmanager
def _written(path: Path | None) -> Iterator[BinaryIO]:
    """The file to write to. It takes its name when it is whole: an export that is cut off leaves the one before."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with unfinished.open("wb") as output:
                yield output
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error.strerror}.") from None
