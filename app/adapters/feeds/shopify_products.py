"""From the rows of one product to the product: what each cell means, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from app.adapters.feeds.shopify_columns import (
    BARCODE,
    BOOLEANS,
    COMPARE_AT,
    GRAMS,
    HANDLE,
    IMAGE_ALT,
    IMAGE_POSITION,
    IMAGE_SRC,
    OPTION_NAMES,
    OPTION_VALUES,
    POLICY,
    PRICE,
    PRODUCT_FIELDS,
    PRODUCT_TEXTS,
    PUBLISHED,
    QUANTITY,
    SKU,
    STATUS,
    TAGS,
    TRACKER,
    TYPE,
    VARIANT_FIELDS,
    VARIANT_IMAGE,
    is_metafield,
    is_of_variant,
)
from app.adapters.feeds.shopify_rows import CsvRow, RowGroup
from app.domain.catalog.products import LONGEST_DESCRIPTION, MediaDraft, OptionDraft, ProductDraft, VariantDraft
from app.domain.text import check_slug
from app.ports.product_feed import Fault, FeedMedia, FeedProduct, FeedVariant, RefusedProduct

DEFAULT_TRACKER = "shopify"
"""Who counts the stock, where it is counted and nobody else is named."""
_AMOUNT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,10})?")
_INTEGER = re.compile(r"-?[0-9]{1,12}")
_TAG = re.compile(r'\s*(?:"((?:[^"]|"")+)"\s*(?=,|\Z)|([^,]*))(?:,|\Z)')
_WEIGHT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,20})?")


class ProductReader:
    """Reads the products of a file with these columns."""

    def __init__(self, columns: Sequence[str]) -> None:
        named = {column for column in columns if column}
        self._metafields = tuple(column for column in columns if column and is_metafield(column))
        self._of_product = tuple(column for column in self._metafields if not is_of_variant(column))
        self._of_variant = tuple(column for column in self._metafields if is_of_variant(column))
        own = (*OPTION_VALUES, *VARIANT_FIELDS, QUANTITY, PRICE)
        self._variant_cells = (*(column for column in own if column in named), *self._of_variant)
        self._product_cells = tuple(column for column in PRODUCT_FIELDS if column in named)
        self._booleans = tuple(column for column in BOOLEANS if column in named)
        self._names = frozenset({*self._metafields, *({TRACKER} & named)})
        self._kept = frozenset(_kept(named))
        self._kept_of_variant = frozenset(name for column, name in VARIANT_FIELDS.items() if column not in named)

    def read(self, group: RowGroup) -> FeedProduct | RefusedProduct:
        """The product of these rows, or all that is wrong with them."""
        faults = [*group.faults]
        if not group.handle:
            faults.append(Fault(group.line, f"The row has no {HANDLE}."))
        else:
            faults += [Fault(group.line, f"{HANDLE}: {fault.message}") for fault in check_slug(group.handle, field=())]
        product = None if faults else self._read(group, faults)
        if faults or product is None:
            in_order = tuple(sorted(faults, key=_by_line))
            return RefusedProduct(slug=group.handle or None, line=group.line, rows=group.count, faults=in_order)
        return product

    def _read(self, group: RowGroup, faults: list[Fault]) -> FeedProduct | None:
        first = group.rows[0]
        if not first.cells["Title"].strip():
            reason = "Title: Must not be empty in the first row of a product, and its rows must follow each other."
            faults.append(Fault(first.line, reason))
            return None
        for row in group.rows:
            faults += self._check_row(row, first=first)
        names = _option_names(first)
        variant_rows = [row for row in group.rows if self._is_variant(row)]
        variants = [self._variant(row, first=first, names=names, faults=faults) for row in variant_rows]
        values = [[value for _, value in variant.draft.options] for variant in variants]
        return FeedProduct(
            line=group.line,
            rows=group.count,
            product=self._product(first, faults=faults),
            category=_text(first.cells.get(TYPE, "")),
            options=tuple(
                OptionDraft(name=name, values=tuple(dict.fromkeys(own[place] for own in values if place < len(own))))
                for place, name in enumerate(names)
            ),
            media=_media(group.rows, faults=faults),
            variants=tuple(variants),
            kept=self._kept,
            metafield_names=self._names,
        )

    def _check_row(self, row: CsvRow, *, first: CsvRow) -> Iterator[Fault]:
        for column in self._booleans:
            if row.cells[column].strip().lower() not in {"", "true", "false"}:
                yield Fault(row.line, f"{column}: Must be true or false, not {_quote(row.cells[column])}.")
        for column in self._metafields:
            if len(row.cells[column]) > LONGEST_DESCRIPTION:
                yield Fault(row.line, f"{column}: Must have at most {LONGEST_DESCRIPTION} characters.")
        if row is first:
            return
        may_differ = set(self._of_product) if self._is_variant(row) else set()
        for column in (*self._product_cells, *self._of_product, *OPTION_NAMES):
            if row.cells.get(column, "") not in {"", first.cells.get(column, "")} and column not in may_differ:
                yield Fault(row.line, f"{column}: Differs from the product's first row, line {first.line}.")

    def _is_variant(self, row: CsvRow) -> bool:
        return any(row.cells[column].strip() for column in self._variant_cells)

    def _product(self, row: CsvRow, *, faults: list[Fault]) -> ProductDraft:
        cells = row.cells
        metafields = {column: cells[column] for column in self._of_product if cells[column]}
        texts = {field: cells[column] or None for column, field in PRODUCT_TEXTS.items() if column in cells}
        return ProductDraft(
            **{**texts, "name": cells["Title"]},  # type: ignore[arg-type]
            slug=cells[HANDLE].strip(),
            status=_status(row, faults=faults),
            tags=_tags(cells.get(TAGS, "")),
            metafields=metafields,
        )

    def _variant(self, row: CsvRow, *, first: CsvRow, names: Sequence[str], faults: list[Fault]) -> FeedVariant:
        cells = row.cells
        metafields = {column: cells[column] for column in self._of_variant if cells[column]}
        if row is not first:
            metafields |= {c: cells[c] for c in self._of_product if cells[c] not in {"", first.cells[c]}}
        tracker = cells.get(TRACKER, "").strip()
        if tracker and tracker != DEFAULT_TRACKER:
            metafields[TRACKER] = tracker
        quantity = _number(row, QUANTITY, _INTEGER, faults=faults, example="12")
        draft = VariantDraft(
            options=_options(row, names=names, faults=faults),
            sku=_text(cells.get(SKU, "")),
            barcode=_text(cells.get(BARCODE, "")),
            weight_grams=_grams(row, faults=faults),
            media_url=_text(cells.get(VARIANT_IMAGE, "")),
            inventory_policy=_choice(row, POLICY, ("deny", "continue"), faults=faults).upper(),
            price=_number(row, PRICE, _AMOUNT, faults=faults, example="12.50"),
            compare_at_price=_number(row, COMPARE_AT, _AMOUNT, faults=faults, example="12.50"),
            on_hand=None if quantity is None else int(quantity),
            metafields=metafields,
            kept=self._kept_of_variant,
        )
        # Without the column nobody has said that stock isn't counted, and a new variant's is.
        return FeedVariant(line=row.line, draft=replace(draft, is_tracked=bool(tracker)) if TRACKER in cells else draft)


def _by_line(fault: Fault) -> int:
    return fault.line


def _kept(named: set[str]) -> Iterator[str]:
    yield from (field for column, field in PRODUCT_TEXTS.items() if column not in named)
    if TAGS not in named:
        yield "tags"
    if not {PUBLISHED, STATUS} & named:
        yield "status"
    if IMAGE_SRC not in named:
        yield "media"
    if OPTION_NAMES[0] not in named:
        yield "options"


def _text(cell: str) -> str | None:
    """The cell as it is, since a shop may have it with spaces around; None where there is nothing in it."""
    return cell if cell.strip() else None


def _quote(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else f"{cell[:40]}…")


def _choice(row: CsvRow, column: str, choices: Sequence[str], *, faults: list[Fault]) -> str:
    """The cell in small letters; the first choice where it is empty or none of them."""
    cell = row.cells.get(column, "").strip().lower()
    if cell and cell not in choices:
        faults.append(Fault(row.line, f"{column}: Must be {' or '.join(choices)}, not {_quote(row.cells[column])}."))
    return cell if cell in choices else choices[0]


def _number(row: CsvRow, column: str, pattern: re.Pattern[str], *, faults: list[Fault], example: str) -> str | None:
    cell = row.cells.get(column, "").strip()
    if not cell or pattern.fullmatch(cell):
        return cell or None
    faults.append(Fault(row.line, f"{column}: Must be a number like {example}, not {_quote(cell)}."))
    return None


def _grams(row: CsvRow, *, faults: list[Fault]) -> int | None:
    """Whole grams; Shopify's files have fractions where the weight was given in ounces."""
    cell = _number(row, GRAMS, _WEIGHT, faults=faults, example="250")
    return None if cell is None else int(Decimal(cell).to_integral_value(ROUND_HALF_UP))


def _status(row: CsvRow, *, faults: list[Fault]) -> str:
    """Who sees the product. An empty cell publishes, as it does with Shopify."""
    published = _choice(row, PUBLISHED, ("true", "false"), faults=faults)
    status = _choice(row, STATUS, ("active", "draft", "archived"), faults=faults)
    return "DRAFT" if status == "active" and published == "false" else status.upper()


def _tags(cell: str) -> tuple[str, ...]:
    """The tags between commas, each once; one that holds a comma itself stands in quotes."""
    tags = (quoted.replace('""', '"') if quoted else plain.strip() for quoted, plain in _TAG.findall(cell))
    return tuple(dict.fromkeys(tag for tag in tags if tag.strip()))


def _option_names(first: CsvRow) -> tuple[str, ...]:
    names = [first.cells.get(column, "") for column in OPTION_NAMES]
    while names and not names[-1].strip():
        names.pop()
    return tuple(names)


def _options(row: CsvRow, *, names: Sequence[str], faults: list[Fault]) -> tuple[tuple[str, str], ...]:
    values = [row.cells.get(column, "") for column in OPTION_VALUES]
    for place, value in enumerate(values):
        if place < len(names) and not value.strip():
            reason = f"Must not be empty, since the product has the option {_quote(names[place])}."
            faults.append(Fault(row.line, f"{OPTION_VALUES[place]}: {reason}"))
        if place >= len(names) and value.strip() and (names or place):
            reason = "The product's first row gives this option no name."
            faults.append(Fault(row.line, f"{OPTION_VALUES[place]}: {reason}"))
    return tuple(zip(names, values, strict=False))


def _media(rows: Sequence[CsvRow], *, faults: list[Fault]) -> tuple[FeedMedia, ...]:
    """The pictures in the order of their positions; one without a position comes after those before it."""
    placed: dict[tuple[int, str], FeedMedia] = {}
    last = 0
    for row in rows:
        url = _text(row.cells.get(IMAGE_SRC, ""))
        if url is None:
            continue
        given = _number(row, IMAGE_POSITION, _INTEGER, faults=faults, example="1")
        position = last + 1 if given is None else int(given)
        last = max(last, position)
        media = FeedMedia(line=row.line, draft=MediaDraft(url=url, alt=row.cells.get(IMAGE_ALT) or None))
        # Some files repeat a picture in each row of its product; that is one picture still.
        placed.setdefault((position, url), media)
    in_order = [placed[key] for key in sorted(placed, key=_position)]
    # A variant's picture is one of the product's, also where the file has no row for it.
    known = {media.draft.url for media in in_order}
    for row in rows:
        url = _text(row.cells.get(VARIANT_IMAGE, ""))
        if url is not None and url not in known:
            known.add(url)
            in_order.append(FeedMedia(line=row.line, draft=MediaDraft(url=url)))
    return tuple(in_order)


def _position(key: tuple[int, str]) -> int:
    return key[0]
