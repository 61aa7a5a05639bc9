"""The rows of a CSV file, gathered by handle: several rows in a row are one product.

Only the rows of one product are held at a time. A row that can't be read spoils its own product and no other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from app.adapters.feeds.shopify_columns import HANDLE, TITLE
from app.domain.catalog.products import LONGEST_DESCRIPTION, MOST_MEDIA, MOST_VARIANTS
from app.ports.product_feed import Fault, FeedUnreadable

LONGEST_CELL = 2 * LONGEST_DESCRIPTION
"""Characters; more than any field may have, so that a quote that is never closed doesn't swallow the file."""
MOST_ROWS = MOST_VARIANTS + MOST_MEDIA
"""Rows of one product."""
_LONGEST_LINE = 4 * LONGEST_CELL


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One record, by column; ``line`` is where it begins."""

    line: int
    cells: dict[str, str]


@dataclass(slots=True)
class RowGroup:
    """The rows that follow each other under one handle, and what is wrong with those that couldn't be read."""

    handle: str
    line: int
    count: int = 0
    rows: list[CsvRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def add(self, row: CsvRow | Fault) -> None:
        """Take in a row; of those beyond the limit only the fact is kept."""
        self.count += 1
        if isinstance(row, Fault):
            self.faults.append(row)
        elif self.count <= MOST_ROWS:
            self.rows.append(row)
        elif self.count == MOST_ROWS + 1:
            self.faults.append(Fault(row.line, f"More than {MOST_ROWS} rows for one product."))


class CsvRows:
    """A file being read; making one reads the header and raises `FeedUnreadable` where that isn't one of products."""

    def __init__(self, file: BinaryIO) -> None:
        # Bytes that aren't UTF-8 become surrogates, so that they are the fault of their row alone.
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._record_start = ""
        csv.field_size_limit(LONGEST_CELL)
        self._reader = csv.reader(self._lines(), strict=True)
        self.columns = self._read_header()
        self._handle_at = self.columns.index(HANDLE)

    def groups(self) -> Iterator[RowGroup]:
        """The rows of one product after those of another."""
        group: RowGroup | None = None
        for handle, line, row in self._records():
            if group is None or handle != group.handle or not handle:
                if group is not None:
                    yield group
                group = RowGroup(handle, line)
            group.add(row)
        if group is not None:
            yield group

    def _lines(self) -> Iterator[str]:
        while line := self._text.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE:
                raise FeedUnreadable(f"line {self._reader.line_num + 1} has no end: this is no CSV file")
            self._record_start = self._record_start or line
            yield line

    def _read_header(self) -> tuple[str, ...]:
        try:
            header = next(self._reader, None)
        except csv.Error as error:
            raise FeedUnreadable(f"this is no CSV file ({error})") from None
        if header is None:
            raise FeedUnreadable("the file is empty")
        columns = tuple(name.strip() for name in header)
        for wanted in (HANDLE, TITLE):
            if wanted not in columns:
                raise FeedUnreadable(
                    f"this is no product CSV of Shopify's: its first line must name the columns in UTF-8, separated by "
                    f"commas, and there is no {wanted!r}"
                )
        repeated = sorted({name for name in columns if name and columns.count(name) > 1})
        if repeated:
            raise FeedUnreadable(f"the column {repeated[0]!r} is there twice")
        return columns

    def _records(self) -> Iterator[tuple[str, int, CsvRow | Fault]]:
        while True:
            line, self._record_start = self._reader.line_num + 1, ""
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                yield self._guess_handle(), line, Fault(line, _explain(error))
                if "field" in str(error):
                    return
                continue
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield (*self._locate(cells, line), self._check(cells, line))

    def _locate(self, cells: Sequence[str], line: int) -> tuple[str, int]:
        return (cells[self._handle_at].strip() if self._handle_at < len(cells) else ""), line

    def _check(self, cells: list[str], line: int) -> CsvRow | Fault:
        if len(cells) != len(self.columns):
            return Fault(line, f"The row has {len(cells)} cells, and the header {len(self.columns)}.")
        joined = "".join(cells)
        if "\0" in joined:
            return Fault(line, "The row holds the character U+0000.")
        if not joined.isascii() and any("\ud800" <= character <= "\udfff" for character in joined):
            return Fault(line, "The row isn't UTF-8: save the file as CSV in UTF-8.")
        return CsvRow(line, dict(zip(self.columns, cells, strict=True)))

    def _guess_handle(self) -> str:
        """The handle of a record that can't be read, so that it spoils the product that it belongs to."""
        cells = self._record_start.split(",")
        return cells[self._handle_at].strip().strip('"') if self._handle_at < len(cells) else ""


def _explain(error: csv.Error) -> str:
    if "field" in str(error):
        return f"A quote that opens here isn't closed within {LONGEST_CELL} characters: what follows can't be read."
    if "unexpected end" in str(error):
        return "A quote that opens here isn't closed."
    return f"The row is no CSV ({error}): a quote inside a quoted cell is written twice."
