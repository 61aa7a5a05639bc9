"""``tradepost import``: bring products from elsewhere into the shop."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import text

from app.bootstrap import PRODUCT_FEEDS, Application, build_application
from app.cli.migrations import upgrade
from app.cli.services import services
from app.database import DatabaseUnavailable
from app.domain.text import check_slug
from app.ids import new_id
from app.ports.product_feed import FeedProduct, FeedUnreadable, RefusedProduct
from app.repositories.product_imports import Place, find_channel, list_channel_slugs
from app.repositories.stock import find_first_warehouse_id
from app.settings import Settings, read_settings
from app.usecases.catalog.import_products import ImportProducts, ImportProductsCommand, ImportReport
from app.usecases.pricing.open_shop import OpenShop, OpenShopCommand
from app.usecases.transactions import Transactions

Products = Iterator[FeedProduct | RefusedProduct]
_SECONDS_BETWEEN_LINES = 5.0
_SECONDS_BETWEEN_UPDATES = 0.1


class CommandError(click.ClickException):
    """What a person can mend, in one line."""

    exit_code = 2


class Progress:
    """How far a command has come: one line that changes on a terminal, a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self._on_terminal = sys.stderr.isatty()
        self.started = time.monotonic()
        self._last = self.started

    def show(self, line: str) -> None:
        """Say it, unless something was said a moment ago."""
        now = time.monotonic()
        if now - self._last < (_SECONDS_BETWEEN_UPDATES if self._on_terminal else _SECONDS_BETWEEN_LINES):
            return
        self._last = now
        click.echo(f"\r\x1b[K{line}" if self._on_terminal else line, err=True, nl=not self._on_terminal)

    def clear(self) -> None:
        """Make room for another line."""
        if self._on_terminal:
            click.echo("\r\x1b[K", err=True, nl=False)

    @property
    def seconds(self) -> float:
        """Since the command began."""
        return time.monotonic() - self.started


@click.group()
def import_() -> None:
    """Bring products from elsewhere into the shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where prices belong, as the person who calls says it; None for what is usual."""

    channel: str | None
    currency: str | None

    def check(self) -> None:
        """Raise `CommandError` for what can't be meant."""
        if self.currency is not None and not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise CommandError(f"--currency must be three capital letters, as USD, not {self.currency!r}.")
        if self.channel is not None and check_slug(self.channel, field=()):
            raise CommandError(f"--channel must be the slug of a channel, as default, not {self.channel!r}.")


@import_.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Stop at the first product that is refused.")
@click.option("--channel", metavar="SLUG", help="The channel that the prices are for (TRADEPOST_DEFAULT_CHANNEL).")
@click.option("--currency", metavar="CODE", help="The currency of the prices; USD for a new shop.")
def shopify(files: tuple[Path, ...], strict: bool, channel: str | None, currency: str | None) -> None:
    """Import products from Shopify's product CSV, in the order of the files.

    Products are recognised by their handle: what is in the shop already is changed where a file says something else,
    and left alone where it doesn't, so that an import can be repeated at any time. Variants that no file names stay.
    Stock goes to the first warehouse.

    A product with a bad row is refused whole and reported with its line; the others are imported all the same. Ends
    with 0 if all is well, 1 if anything was refused, 2 if a file can't be read.
    """
    settings, target = read_settings(), Target(channel=channel, currency=currency)
    target.check()
    report = ImportReport()
    with ExitStack() as stack:
        feeds = [(file, _open(file, stack=stack)) for file in files]
        running = stack.enter_context(services(settings, say=_say))
        complete = asyncio.run(_import(running, feeds, target=target, strict=strict, report=report))
    if not complete:
        _say("Stopped at the first product that was refused (--strict). What came before it is imported.")
    if report.refused:
        sys.exit(1)


def _open(path: Path, *, stack: ExitStack) -> Products:
    """The products of a file, whose header is read at once: nothing is imported if one of the files is no such file."""
    try:
        return PRODUCT_FEEDS["shopify"].read(stack.enter_context(path.open("rb")))
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from None
    except FeedUnreadable as error:
        raise CommandError(f"{path} can't be imported: {error}.") from None


async def _import(
    settings: Settings,
    feeds: Sequence[tuple[Path, Products]],
    *,
    target: Target,
    strict: bool,
    report: ImportReport,
) -> bool:
    progress = Progress()
    async with open_application(settings) as application:
        place = await open_place(application, target=target)
        transactions = Transactions(database=application.database, pubsub=application.pubsub, clock=_now)
        importing = ImportProducts(transactions=transactions, new_id=new_id, clock=_now)
        try:
            for path, products in feeds:
                command = ImportProductsCommand(
                    products=products,
                    place=place,
                    stops_at_first=strict,
                    name_field=PRODUCT_FEEDS["shopify"].name_field,
                    on_refused=_tell_refused(path, progress=progress),
                    on_progress=lambda report: progress.show(f"{report.products:,} products, {report.rows:,} rows …"),
                )
                if not await importing.execute(command, report=report):
                    return False
        except FeedUnreadable as error:
            raise CommandError(f"{path} can't be read to its end: {error}.") from None
        finally:
            progress.clear()
            _print_table(report, seconds=progress.seconds)
    return True


@asynccontextmanager
async def open_application(settings: Settings) -> AsyncIterator[Application]:
    """The application on a database that has its tables; one line where PostgreSQL goes away in the middle."""
    application = build_application(settings)
    try:
        async with application.database.transaction() as session:
            is_empty = await session.scalar(text("SELECT to_regclass('alembic_version') IS NULL"))
        if is_empty and settings.database_url:
            await upgrade(url=settings.database_url, on_progress=lambda title: _say(f"  {title}"))
        yield application
    except DatabaseUnavailable as error:
        raise CommandError(f"PostgreSQL can't be reached; call this again when it can ({error}).") from None
    finally:
        await application.close()


async def open_place(application: Application, *, target: Target) -> Place:
    """The place that is meant; the first channel and the first warehouse are made where a shop has none."""
    slug = target.channel or application.settings.default_channel
    async with application.database.transaction() as session:
        slugs = await list_channel_slugs(session)
        warehouse_id = await find_first_warehouse_id(session)
    if not slugs or warehouse_id is None:
        opening = OpenShopCommand(channel=slugs[0] if slugs else slug, currency_code=target.currency or "USD")
        await OpenShop(database=application.database, new_id=new_id).execute(opening)
    return await find_place(application, target=target)


async def find_place(application: Application, *, target: Target) -> Place:
    """The place that is meant, in a shop that has it."""
    slug = target.channel or application.settings.default_channel
    async with application.database.transaction() as session:
        channel = await find_channel(session, slug)
        warehouse_id = await find_first_warehouse_id(session)
        slugs = await list_channel_slugs(session)
    if channel is None:
        there_are = f"there are {', '.join(slugs)}" if slugs else "the shop has none yet"
        raise CommandError(f"There is no channel {slug!r}: {there_are} (choose one by --channel).")
    if target.currency not in (None, channel.currency_code):
        raise CommandError(f"The channel {slug!r} sells in {channel.currency_code}, not in {target.currency}.")
    return Place(channel_id=channel.id, currency_code=channel.currency_code, warehouse_id=warehouse_id)


def _tell_refused(path: Path, *, progress: Progress) -> Callable[[RefusedProduct], None]:
    def tell(refused: RefusedProduct) -> None:
        progress.clear()
        name = f"{refused.slug}: " if refused.slug else ""
        for fault in refused.faults:
            _say(f"{path}:{fault.line}: {name}{fault.reason}")

    return tell


def _print_table(report: ImportReport, *, seconds: float) -> None:
    lines = [
        ("created", f"{report.created:,}"),
        ("updated", f"{report.updated:,}"),
        ("unchanged (skipped)", f"{report.unchanged:,}"),
        ("refused", f"{report.refused:,}"),
        ("rows", f"{report.rows:,}"),
        ("seconds", f"{seconds:.1f}"),
    ]
    for name, value in lines:
        click.echo(f"{name:<20} {value:>12}")


def _say(line: str) -> None:
    click.echo(line, err=True)


def _now() -> datetime:
    return datetime.now(UTC)
