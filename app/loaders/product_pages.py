"""Pages of products, filtered and sorted: of the whole shop, or of each of many categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import InstrumentedAttribute

from app.database import Reader, Statement, compile_statement
from app.loaders.catalog import PRODUCT_COLUMNS, ProductRow
from app.loaders.keyset_statements import CountRow, of_parents, page_values, paged, pages_of_parents, parents_table
from app.loaders.pages import COUNT_LIMIT, Page, PageRequest, Tally
from app.models.catalog import Category, Product, ProductListing, ProductOption


class ProductSort(StrEnum):
    """How a list of products can be sorted; ties are broken by id."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    NAME = "NAME"
    PRICE = "PRICE"


@dataclass(frozen=True, slots=True)
class _SortKey:
    column: InstrumentedAttribute[Any]
    kind: type
    sql_type: Any
    row_attribute: str


_PRODUCT_SORTS = {
    ProductSort.CREATED_AT: _SortKey(Product.created_at, datetime, DateTime(timezone=True), "created_at"),
    ProductSort.UPDATED_AT: _SortKey(Product.updated_at, datetime, DateTime(timezone=True), "updated_at"),
    ProductSort.NAME: _SortKey(Product.name, str, Text(), "name"),
    ProductSort.PRICE: _SortKey(ProductListing.min_price_minor, int, BigInteger(), "sort_price"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductQuery:
    """Which products, in which order. Lists mean "one of these"; None means "whatever"."""

    sort: ProductSort = ProductSort.CREATED_AT
    descending: bool = False
    channel_id: UUID | None = None
    """Needed to sort by price, or to filter by price or stock."""
    statuses: Sequence[str] | None = ("ACTIVE",)
    ids: Sequence[UUID] | None = None
    category_slugs: Sequence[str] | None = None
    vendors: Sequence[str] | None = None
    tags: Sequence[str] | None = None
    options: Sequence[tuple[str, Sequence[str]]] = ()
    """(name, values): the product has an option of that name with one of the values; all entries must hold."""
    min_price_minor: int | None = None
    max_price_minor: int | None = None
    in_stock: bool | None = None
    updated_since: datetime | None = None

    @property
    def keyset_kinds(self) -> tuple[type, ...]:
        """The types of a keyset of this list."""
        return (_PRODUCT_SORTS[self.sort].kind, UUID)

    def keyset_of(self, row: ProductRow) -> tuple[Any, ...]:
        """The keyset of one of its rows."""
        return (getattr(row, _PRODUCT_SORTS[self.sort].row_attribute), row.id)


@dataclass(frozen=True, slots=True)
class _Shape:
    """All that decides the text of a statement, and none of its values: the key of the cache of compiled statements."""

    sort: ProductSort
    descending: bool
    conditions: frozenset[str]
    options: int
    of_categories: bool
    keyset: bool = False
    backward: bool = False


def _parameters(query: ProductQuery) -> dict[str, Any]:
    values: dict[str, Any] = {
        "channel_id": query.channel_id,
        "statuses": query.statuses,
        "ids": query.ids,
        "category_slugs": query.category_slugs,
        "vendors": query.vendors,
        "tags": query.tags,
        "min_price": query.min_price_minor,
        "max_price": query.max_price_minor,
        "in_stock": query.in_stock,
        "updated_since": query.updated_since,
    }
    values = {name: value for name, value in values.items() if value is not None}
    for at, (name, wanted) in enumerate(query.options):
        values[f"option_name_{at}"], values[f"option_values_{at}"] = name, wanted
    return values


def _shape(query: ProductQuery, *, of_categories: bool, page: PageRequest | None) -> _Shape:
    named = [name for name in _parameters(query) if name in _CONDITIONS]
    # A single status is compared by itself: only so can the planner use the partial indexes on ACTIVE products.
    only_active = query.statuses is not None and list(query.statuses) == ["ACTIVE"]
    conditions = frozenset("only_active" if name == "statuses" and only_active else name for name in named)
    if page is None:
        return _Shape(ProductSort.CREATED_AT, False, conditions, len(query.options), of_categories)
    return _Shape(
        query.sort,
        query.descending,
        conditions,
        len(query.options),
        of_categories,
        page.keyset is not None,
        page.backward,
    )


_LISTING_CONDITIONS = {"min_price", "max_price", "in_stock"}
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "only_active": Product.status == literal_column("'ACTIVE'"),
    "statuses": Product.status == any_(bindparam("statuses", type_=ARRAY(Text))),
    "ids": Product.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
    "category_slugs": Product.category_id.in_(
        select(Category.id).where(
            Category.path.overlap(
                func.array(
                    select(Category.id)
                    .where(Category.slug == any_(bindparam("category_slugs", type_=ARRAY(Text))))
                    .correlate(None)
                    .scalar_subquery(),
                    type_=ARRAY(Uuid),
                )
            )
        )
    ),
    "vendors": Product.vendor == any_(bindparam("vendors", type_=ARRAY(Text))),
    "tags": Product.tags.overlap(bindparam("tags", type_=ARRAY(Text))),
    "min_price": ProductListing.max_price_minor >= bindparam("min_price", type_=BigInteger),
    "max_price": ProductListing.min_price_minor <= bindparam("max_price", type_=BigInteger),
    "in_stock": ProductListing.in_stock == bindparam("in_stock", type_=Boolean),
    "updated_since": Product.updated_at >= bindparam("updated_since", type_=DateTime(timezone=True)),
}


def _matching(shape: _Shape, columns: Sequence[Any]) -> Select[Any]:
    """The products that match, without order or limit."""
    statement = select(*columns).select_from(Product)
    if shape.sort is ProductSort.PRICE or shape.conditions & _LISTING_CONDITIONS:
        statement = statement.join(
            ProductListing,
            (ProductListing.product_id == Product.id)
            & (ProductListing.channel_id == bindparam("channel_id", type_=Uuid)),
        )
    for name in sorted(shape.conditions):
        statement = statement.where(_CONDITIONS[name])
    for at in range(shape.options):
        statement = statement.where(
            select(ProductOption.product_id)
            .where(ProductOption.product_id == Product.id)
            .where(ProductOption.name == bindparam(f"option_name_{at}", type_=Text))
            .where(ProductOption.values.overlap(bindparam(f"option_values_{at}", type_=ARRAY(Text))))
            .exists()
        )
    return statement


def _in_subtree(parents: Any) -> ColumnElement[bool]:
    # Correlated by hand: two queries lie between the parents and here, and SQLAlchemy would ask for all of them again.
    below = select(Category.id).where(Category.path.contains(array([parents.c.parent_id]))).correlate(parents)
    return Product.category_id.in_(below)


@lru_cache(maxsize=512)
def _product_page(shape: _Shape) -> Statement:
    sort = _PRODUCT_SORTS[shape.sort]
    columns: list[Any] = list(PRODUCT_COLUMNS)
    if shape.sort is ProductSort.PRICE:
        columns.append(ProductListing.min_price_minor.label("sort_price"))
    statement = _matching(shape, columns)
    parents = parents_table()
    if shape.of_categories:
        statement = statement.where(_in_subtree(parents))
    statement = paged(
        statement,
        keys=[(sort.column, sort.sql_type), (Product.id, Uuid)],
        descending=shape.descending,
        keyset=shape.keyset,
        backward=shape.backward,
    )
    if shape.of_categories:
        statement = of_parents(statement, parents=parents)
    return compile_statement("products_page", statement)


@lru_cache(maxsize=512)
def _product_count(shape: _Shape) -> Statement:
    counted = _matching(shape, [literal_column("1").label("one")])
    parents = parents_table()
    if shape.of_categories:
        counted = counted.where(_in_subtree(parents)).correlate(parents)
    inner = counted.limit(COUNT_LIMIT + 1).subquery("matching")
    count = select(func.count().label("counted")).select_from(inner)
    if not shape.of_categories:
        return compile_statement("products_count", count)
    lateral = count.correlate(parents).lateral("page")
    statement = select(parents.c.parent_id, lateral.c.counted).select_from(parents.join(lateral, true()))
    return compile_statement("products_count", statement)


async def product_page(reader: Reader, *, query: ProductQuery, page: PageRequest) -> Page[ProductRow]:
    """One page of the shop's products."""
    statement = _product_page(_shape(query, of_categories=False, page=page))
    rows = await reader.fetch(statement, ProductRow, {**_parameters(query), **page_values(page)})
    return Page.of(rows, page)


async def product_count(reader: Reader, *, query: ProductQuery) -> Tally:
    """How many products match, exactly up to `COUNT_LIMIT`."""
    rows = await reader.fetch(
        _product_count(_shape(query, of_categories=False, page=None)), CountRow, _parameters(query)
    )
    return Tally.of(rows[0].counted)


async def product_pages_of_categories(
    reader: Reader, *, ids: Sequence[UUID], query: ProductQuery, page: PageRequest
) -> list[Page[ProductRow]]:
    """One page of the products in each category and below it."""
    statement = _product_page(_shape(query, of_categories=True, page=page))
    return await pages_of_parents(
        reader, statement=statement, row=ProductRow, ids=ids, page=page, values=_parameters(query)
    )


async def product_counts_of_categories(reader: Reader, *, ids: Sequence[UUID], query: ProductQuery) -> list[Tally]:
    """How many products match in each category and below it."""
    statement = _product_count(_shape(query, of_categories=True, page=None))
    rows = await reader.fetch(statement, CountRow, {"parent_ids": ids, **_parameters(query)})
    counted = {row.parent_id: row.counted for row in rows}
    return [Tally.of(counted[wanted]) for wanted in ids]
