"""Shopify's product CSV as a `ProductFeed`.

Cells are written as they are, also those that begin with ``=`` or ``@``: what comes out must be what went in. A
spreadsheet may take such a cell for a formula; texts that strangers wrote should be opened there as text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

from app.adapters.feeds.shopify_columns import (
    BARCODE,
    COMPARE_AT,
    FIELD_COLUMNS,
    GRAMS,
    HANDLE,
    IMAGE_ALT,
    IMAGE_POSITION,
    IMAGE_SRC,
    OPTION_NAMES,
    OPTION_VALUES,
    POLICY,
    PRICE,
    PRODUCT_TEXTS,
    PUBLISHED,
    QUANTITY,
    SKU,
    STANDARD,
    STATUS,
    TAGS,
    TRACKER,
    TYPE,
    VARIANT_IMAGE,
    is_metafield,
    is_of_variant,
)
from app.adapters.feeds.shopify_products import DEFAULT_TRACKER, ProductReader
from app.adapters.feeds.shopify_rows import CsvRows
from app.domain.catalog.products import VariantDraft
from app.ports.product_feed import FeedProduct, RefusedProduct

# Python 3.11's own writer leaves a lone carriage return unquoted where lines end with a line feed, and can't read that.
_NEEDS_QUOTES = re.compile(r'[,"\r\n]|^\s|\s\Z')


class ShopifyCsvFeed:
    """A `ProductFeed` of CSV files in UTF-8 whose rows belong to one product while the handle stays the same."""

    def read(self, file: BinaryIO) -> Iterator[FeedProduct | RefusedProduct]:
        """The products of the file; the header is read before the first is asked for."""
        rows = CsvRows(file)
        reader = ProductReader(rows.columns)
        return (reader.read(group) for group in rows.groups())

    def name_field(self, path: Sequence[str]) -> str:
        """The column that a field comes from; the field's own name where several columns make it."""
        named = [part for part in path if not part.isdigit()]
        if "seo" in named and named[-1] == "description":
            return "SEO Description"
        return FIELD_COLUMNS.get(named[-1], named[-1]) if named else "Row"

    def list_columns(self, *, metafields: Collection[str]) -> tuple[str, ...]:
        """Shopify's own columns in its order, then the others by name."""
        return (*STANDARD, *sorted(name for name in metafields if name not in STANDARD and _can_be_column(name)))

    def write_header(self, columns: Sequence[str]) -> str:
        """The first line."""
        return _line(columns)

    def write_product(self, product: FeedProduct, *, columns: Sequence[str]) -> str:
        """Its rows: the first has the product; the variants and the pictures go side by side."""
        rows = max(1, len(product.variants), len(product.media))
        cells = (_cells(product, row) for row in range(rows))
        return "".join(_line([row.get(column, "") for column in columns]) for row in cells)


def _can_be_column(name: str) -> bool:
    return is_metafield(name) and name.strip() == name != ""


def _line(cells: Sequence[str]) -> str:
    return ",".join(_quote(cell) if _NEEDS_QUOTES.search(cell) else cell for cell in cells) + "\n"


def _quote(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _tag(tag: str) -> str:
    return _quote(tag) if "," in tag or tag[:1] == '"' or tag != tag.strip() else tag


def _cells(product: FeedProduct, row: int) -> dict[str, str]:
    cells = {HANDLE: product.product.slug}
    if row < len(product.variants):
        cells |= _variant_cells(product.variants[row].draft)
    if row == 0:
        cells |= _product_cells(product)
    if row < len(product.media):
        media = product.media[row].draft
        cells |= {IMAGE_SRC: media.url, IMAGE_POSITION: str(row + 1), IMAGE_ALT: media.alt or ""}
    return cells


def _product_cells(product: FeedProduct) -> dict[str, str]:
    draft = product.product
    return {
        **{name: text for name, text in draft.metafields.items() if is_metafield(name) and not is_of_variant(name)},
        **{column: getattr(draft, field) or "" for column, field in PRODUCT_TEXTS.items()},
        TYPE: product.category or "",
        TAGS: ", ".join(_tag(tag) for tag in draft.tags),
        PUBLISHED: "true" if draft.status == "ACTIVE" else "false",
        STATUS: draft.status.lower(),
        **dict(zip(OPTION_NAMES, (option.name for option in product.options), strict=False)),
    }


def _variant_cells(draft: VariantDraft) -> dict[str, str]:
    tracker = draft.metafields.get(TRACKER, DEFAULT_TRACKER)
    return {
        **{column: text for column, text in draft.metafields.items() if is_metafield(column)},
        **dict(zip(OPTION_VALUES, (value for _, value in draft.options), strict=False)),
        SKU: draft.sku or "",
        BARCODE: draft.barcode or "",
        GRAMS: "" if draft.weight_grams is None else str(draft.weight_grams),
        TRACKER: tracker if draft.is_tracked else "",
        QUANTITY: "" if draft.on_hand is None else str(draft.on_hand),
        POLICY: draft.inventory_policy.lower(),
        PRICE: draft.price or "",
        COMPARE_AT: draft.compare_at_price or "",
        VARIANT_IMAGE: draft.media_url or "",
    }
