"""A shop that tests import into and export from, without the command line around it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import CursorResult, text

from app.adapters.feeds.shopify_csv import ShopifyCsvFeed
from app.adapters.pubsub.memory import MemoryPubSub
from app.bootstrap import Application
from app.cli.import_ import Target, find_place
from app.ids import new_id
from app.ports.product_feed import RefusedProduct
from app.usecases.catalog.export_products import ExportProducts
from app.usecases.catalog.import_products import ImportProducts, ImportProductsCommand, ImportReport
from app.usecases.transactions import Transactions

DATA = Path(__file__).parent / "data"
SAMPLES = ("apparel", "home-and-garden", "jewelery")


def sample(name: str) -> bytes:
    """One of Shopify's sample files."""
    return (DATA / f"{name}.csv").read_bytes()


def csv_of(*rows: Mapping[str, str], columns: Sequence[str] = ()) -> bytes:
    """A file with these rows, whose columns are all that any of them names."""
    named = dict.fromkeys([*columns, *(column for row in rows for column in row)])
    output = io.StringIO()
    writer = csv.DictWriter(output, list(named), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return output.getvalue().encode()


def mug(**cells: str) -> dict[str, str]:
    """A row that is a whole product; underscores in names stand for spaces."""
    row = {"Handle": "mug", "Title": "Mug", "Option1 Name": "Size", "Option1 Value": "Small"}
    row |= {"Variant Price": "12.50", "Variant Inventory Qty": "3"}
    return row | {name.replace("_", " "): cell for name, cell in cells.items()}


def more(value: str, **cells: str) -> dict[str, str]:
    """A further row of the mug with another variant."""
    row = {"Handle": "mug", "Option1 Value": value, "Variant Price": "15.00", "Variant Inventory Qty": "1"}
    return row | {name.replace("_", " "): cell for name, cell in cells.items()}


@dataclass(slots=True)
class Imported:
    """What came of an import."""

    report: ImportReport = field(default_factory=ImportReport)
    refusals: list[str] = field(default_factory=list)
    """``line: reason``."""
    complete: bool = True

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Created, updated, unchanged, refused."""
        return (self.report.created, self.report.updated, self.report.unchanged, self.report.refused)


class Shop:
    """An open shop on its own database."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def import_csv(self, *files: bytes, strict: bool = False, channel: str | None = None) -> Imported:
        """Import the files one after the other."""
        imported = Imported()

        def note(refused: RefusedProduct) -> None:
            imported.refusals += [f"{fault.line}: {fault.reason}" for fault in refused.faults]

        transactions = Transactions(database=self.application.database, pubsub=MemoryPubSub(), clock=_now)
        importing = ImportProducts(transactions=transactions, new_id=new_id, clock=_now)
        feed = ShopifyCsvFeed()
        place = await find_place(self.application, target=Target(channel=channel, currency=None))
        for file in files:
            command = ImportProductsCommand(
                products=feed.read(io.BytesIO(file)),
                place=place,
                stops_at_first=strict,
                name_field=feed.name_field,
                on_refused=note,
                on_progress=lambda _: None,
            )
            imported.complete = await importing.execute(command, report=imported.report)
        return imported

    async def export_csv(self, *, channel: str | None = None) -> bytes:
        """The whole shop as a file."""
        place = await find_place(self.application, target=Target(channel=channel, currency=None))
        exporting = ExportProducts(database=self.application.database, feed=ShopifyCsvFeed())
        return "".join([piece async for _, piece in exporting.execute(place=place)]).encode()

    async def query(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Rows as the database has them."""
        async with self.application.database.transaction() as session:
            result = await session.execute(text(sql), parameters)
            return [tuple(row) for row in result] if isinstance(result, CursorResult) and result.returns_rows else []

    async def variants(self, slug: str) -> list[tuple[Any, ...]]:
        """(option values, price, price before, units, is tracked, picture) of a product's variants, in order."""
        return await self.query(
            """
            SELECT v.option_values, p.amount_minor, p.compare_at_minor, s.on_hand, v.is_tracked, m.url
            FROM products x JOIN product_variants v ON v.product_id = x.id
            LEFT JOIN variant_prices p ON p.variant_id = v.id AND p.channel_id = (SELECT id FROM channels WHERE slug = 'default')
            LEFT JOIN stock_levels s ON s.variant_id = v.id
            LEFT JOIN product_media m ON m.id = v.media_id
            WHERE x.slug = :slug ORDER BY v.position
            """,
            slug=slug,
        )

    async def media(self, slug: str) -> list[tuple[str, str | None]]:
        """The pictures of a product, in order."""
        return [
            (url, alt)
            for url, alt in await self.query(
                "SELECT m.url, m.alt FROM products x JOIN product_media m ON m.product_id = x.id"
                " WHERE x.slug = :slug ORDER BY m.position",
                slug=slug,
            )
        ]

    async def events(self) -> list[tuple[str, int]]:
        """(type, version in its stream) of everything that is recorded, in its order."""
        return [
            (type, version) for type, version in await self.query("SELECT type, version FROM events ORDER BY position")
        ]

    async def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of the catalogue, by table, so that one can say that nothing changed."""
        tables = "products product_options product_media product_variants variant_prices stock_levels categories events"
        return {
            table: await self.query(f"SELECT md5(t::text) AS row FROM {table} t ORDER BY 1")  # noqa: S608
            for table in tables.split()
        }


def _now() -> datetime:
    return datetime.now(UTC)
