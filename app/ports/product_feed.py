"""Product feeds: files in which another system writes down products, to be read into a shop and written from it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from app.domain.catalog.products import MediaDraft, OptionDraft, ProductDraft, VariantDraft


class FeedUnreadable(Exception):
    """The file isn't such a feed at all; the message is one line, fit to be shown to the person who gave it to us."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and in which line of the file."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMedia:
    """A picture; ``line`` is 0 for what didn't come from a file, here and below."""

    line: int = 0
    draft: MediaDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedVariant:
    """A variant; its draft names in ``kept`` what the file has no column for."""

    line: int = 0
    draft: VariantDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedProduct:
    """A product with all that the file says of it, recognised by its slug."""

    line: int = 0
    rows: int = 0
    product: ProductDraft
    category: str | None = None
    """The category's name."""
    options: tuple[OptionDraft, ...] = ()
    """Empty for a product without options."""
    media: tuple[FeedMedia, ...] = ()
    variants: tuple[FeedVariant, ...] = ()
    kept: frozenset[str] = frozenset()
    """Fields of the product draft, ``options`` and ``media``, of which the file says nothing: they stay as they are."""
    metafield_names: frozenset[str] = frozenset()
    """Metafields that the file speaks of. One that is named here and not given is to be removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedProduct:
    """A product that can't be taken, with everything that is wrong with its rows."""

    slug: str | None
    line: int
    rows: int
    faults: tuple[Fault, ...]


class ProductFeed(Protocol):
    """Reads and writes one format of file."""

    def read(self, file: BinaryIO) -> Iterator[FeedProduct | RefusedProduct]:
        """The products of a file in its order, in fixed memory.

        Raises `FeedUnreadable` at once where the file is something else, and later where it stops making sense.
        """
        ...

    def name_field(self, path: Sequence[str]) -> str:
        """What people call a field of the drafts in the file: ``("variants", "3", "price")`` is ``Variant Price``."""
        ...

    def list_columns(self, *, metafields: Collection[str]) -> tuple[str, ...]:
        """The columns of a file that is written, in order, with those of the metafields that occur in the shop."""
        ...

    def write_header(self, columns: Sequence[str]) -> str:
        """What such a file begins with."""
        ...

    def write_product(self, product: FeedProduct, *, columns: Sequence[str]) -> str:
        """One product; `read` gives the same one back."""
        ...
