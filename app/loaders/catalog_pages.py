"""Pages of products, variants and categories: of the whole shop, or of many parents in one statement.

A page of each of many parents is one LATERAL join: PostgreSQL reads a page's worth of index entries for each parent, and the
number of statements does not grow with the number of parents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import InstrumentedAttribute

from app.database import Reader, Row, Statement, compile_statement
from app.loaders.catalog import CATEGORY_COLUMNS, PRODUCT_COLUMNS, VARIANT_COLUMNS, CategoryRow, ProductRow, VariantRow
from app.loaders.ordering import many_each
from app.loaders.pages import COUNT_LIMIT, Page, PageRequest, Tally
from app.models.catalog import Category, Product, ProductListing, ProductOption, ProductVariant

AnyRow = TypeVar("AnyRow", bound=Row)


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


def _paged(statement: Select[Any], *, keys: Sequence[tuple[Any, Any]], descending: bool, page: Any) -> Select[Any]:
    """Order, keyset condition and limit for a list sorted by ``keys`` ((column, type) with the id last)."""
    falling = descending != page.backward
    columns = [key for key, _ in keys]
    if page.keyset:
        after = tuple_(*(bindparam(f"after_{at}", type_=kind) for at, (_, kind) in enumerate(keys)))
        row = tuple_(*columns)
        statement = statement.where(row < after if falling else row > after)
    ordered = [key.desc() if falling else key.asc() for key in columns]
    return statement.order_by(*ordered).limit(bindparam("limit", type_=Integer))


def _page_values(page: PageRequest) -> dict[str, Any]:
    keyset = {f"after_{at}": value for at, value in enumerate(page.keyset or ())}
    return {**keyset, "limit": page.limit + 1}


def _of_parents(inner: Select[Any], parents: Any) -> Select[Any]:
    """``inner``, once for each of the parents that it is correlated with.

    A lateral subquery with a limit can only be run as a nested loop, parent by parent, which keeps its rows in order.
    """
    page = inner.correlate(parents).lateral("page")
    return select(parents.c.parent_id, *page.c).select_from(parents.join(page, true()))


def _parents() -> Any:
    return (
        func.unnest(bindparam("parent_ids", type_=ARRAY(Uuid)))
        .table_valued(column("parent_id", Uuid))
        .render_derived(name="parents")
    )


@lru_cache(maxsize=512)
def _product_page(shape: _Shape) -> Statement:
    sort = _PRODUCT_SORTS[shape.sort]
    columns: list[Any] = list(PRODUCT_COLUMNS)
    if shape.sort is ProductSort.PRICE:
        columns.append(ProductListing.min_price_minor.label("sort_price"))
    statement = _matching(shape, columns)
    parents = _parents()
    if shape.of_categories:
        statement = statement.where(_in_subtree(parents))
    statement = _paged(
        statement, keys=[(sort.column, sort.sql_type), (Product.id, Uuid)], descending=shape.descending, page=shape
    )
    if shape.of_categories:
        statement = _of_parents(statement, parents)
    return compile_statement("products_page", statement)


@lru_cache(maxsize=512)
def _product_count(shape: _Shape) -> Statement:
    counted = _matching(shape, [literal_column("1").label("one")])
    parents = _parents()
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
    rows = await reader.fetch(statement, ProductRow, {**_parameters(query), **_page_values(page)})
    return Page.of(rows, page)


async def product_count(reader: Reader, *, query: ProductQuery) -> Tally:
    """How many products match, exactly up to `COUNT_LIMIT`."""
    rows = await reader.fetch(
        _product_count(_shape(query, of_categories=False, page=None)), CountRow, _parameters(query)
    )
    return Tally.of(rows[0].counted)


class CountRow(Row):
    """A number of rows."""

    if TYPE_CHECKING:
        parent_id: UUID
        counted: int


async def _pages(
    reader: Reader,
    statement: Statement,
    row: type[AnyRow],
    ids: Sequence[UUID],
    page: PageRequest,
    values: Mapping[str, Any],
) -> list[Page[AnyRow]]:
    rows = await reader.fetch(statement, row, {"parent_ids": ids, **values, **_page_values(page)})
    by_parent = many_each(keys=ids, rows=rows, key=lambda found: found.parent_id)
    return [Page.of(own, page) for own in by_parent]


async def product_pages_of_categories(
    reader: Reader, *, ids: Sequence[UUID], query: ProductQuery, page: PageRequest
) -> list[Page[ProductRow]]:
    """One page of the products in each category and below it."""
    statement = _product_page(_shape(query, of_categories=True, page=page))
    return await _pages(reader, statement, ProductRow, ids, page, _parameters(query))


async def product_counts_of_categories(reader: Reader, *, ids: Sequence[UUID], query: ProductQuery) -> list[Tally]:
    """How many products match in each category and below it."""
    statement = _product_count(_shape(query, of_categories=True, page=None))
    rows = await reader.fetch(statement, CountRow, {"parent_ids": ids, **_parameters(query)})
    counted = {row.parent_id: row.counted for row in rows}
    return [Tally.of(counted[wanted]) for wanted in ids]


@lru_cache(maxsize=4)
def _variant_page(*, keyset: bool, backward: bool) -> Statement:
    parents = _parents()
    statement: Any = select(*VARIANT_COLUMNS).join(Product, Product.id == ProductVariant.product_id)
    statement = statement.where(ProductVariant.product_id == parents.c.parent_id)
    shape = _Shape(ProductSort.CREATED_AT, False, frozenset(), 0, False, keyset, backward)
    keys = [(ProductVariant.position, Integer), (ProductVariant.id, Uuid)]
    return compile_statement(
        "variants_page", _of_parents(_paged(statement, keys=keys, descending=False, page=shape), parents)
    )


_VARIANT_COUNTS = compile_statement(
    "variants_count",
    select(ProductVariant.product_id.label("parent_id"), func.count().label("counted"))
    .where(ProductVariant.product_id == any_(bindparam("parent_ids", type_=ARRAY(Uuid))))
    .group_by(ProductVariant.product_id),
)


async def variant_pages_of_products(
    reader: Reader, *, ids: Sequence[UUID], page: PageRequest
) -> list[Page[VariantRow]]:
    """One page of each product's variants, by position."""
    statement = _variant_page(keyset=page.keyset is not None, backward=page.backward)
    return await _pages(reader, statement, VariantRow, ids, page, {})


async def variant_counts_of_products(reader: Reader, *, ids: Sequence[UUID]) -> list[Tally]:
    """How many variants each product has."""
    rows = await reader.fetch(_VARIANT_COUNTS, CountRow, {"parent_ids": ids})
    counted = {row.parent_id: row.counted for row in rows}
    return [Tally(counted.get(wanted, 0), True) for wanted in ids]


@lru_cache(maxsize=16)
def _category_page(*, of_parents: bool, level: bool, keyset: bool, backward: bool) -> Statement:
    parents = _parents()
    statement: Any = select(*CATEGORY_COLUMNS)
    if of_parents:
        statement = statement.where(Category.parent_id == parents.c.parent_id)
        # The row has a column of the same name: the one of the parents stands for both.
        statement = statement.with_only_columns(*(c for c in CATEGORY_COLUMNS if c is not Category.parent_id))
    if level:
        statement = statement.where(Category.level == bindparam("level", type_=Integer))
    shape = _Shape(ProductSort.NAME, False, frozenset(), 0, False, keyset, backward)
    statement = _paged(statement, keys=[(Category.name, Text), (Category.id, Uuid)], descending=False, page=shape)
    return compile_statement("categories_page", _of_parents(statement, parents) if of_parents else statement)


@lru_cache(maxsize=4)
def _category_count(*, of_parents: bool, level: bool) -> Statement:
    if of_parents:
        statement = (
            select(Category.parent_id, func.count().label("counted"))
            .where(Category.parent_id == any_(bindparam("parent_ids", type_=ARRAY(Uuid))))
            .group_by(Category.parent_id)
        )
    else:
        statement = select(func.count().label("counted")).select_from(Category)  # type: ignore[assignment]
    if level:
        statement = statement.where(Category.level == bindparam("level", type_=Integer))
    return compile_statement("categories_count", statement)


async def category_page(reader: Reader, *, level: int | None, page: PageRequest) -> Page[CategoryRow]:
    """One page of the categories, of one level or of all, by name."""
    statement = _category_page(
        of_parents=False, level=level is not None, keyset=page.keyset is not None, backward=page.backward
    )
    rows = await reader.fetch(statement, CategoryRow, {"level": level, **_page_values(page)})
    return Page.of(rows, page)


async def category_count(reader: Reader, *, level: int | None) -> Tally:
    """How many categories there are, of one level or of all."""
    rows = await reader.fetch(_category_count(of_parents=False, level=level is not None), CountRow, {"level": level})
    return Tally(rows[0].counted, True)


async def child_pages_of_categories(
    reader: Reader, *, ids: Sequence[UUID], page: PageRequest
) -> list[Page[CategoryRow]]:
    """One page of the categories right below each one, by name."""
    statement = _category_page(of_parents=True, level=False, keyset=page.keyset is not None, backward=page.backward)
    return await _pages(reader, statement, CategoryRow, ids, page, {})


async def child_counts_of_categories(reader: Reader, *, ids: Sequence[UUID]) -> list[Tally]:
    """How many categories are right below each one."""
    rows = await reader.fetch(_category_count(of_parents=True, level=False), CountRow, {"parent_ids": ids})
    counted = {row.parent_id: row.counted for row in rows}
    return [Tally(counted.get(wanted, 0), True) for wanted in ids]
