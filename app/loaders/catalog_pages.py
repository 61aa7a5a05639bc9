"""Pages of variants and categories: of the whole shop, or of each of many parents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Integer,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.database import Reader, Statement, compile_statement
from app.loaders.catalog import CATEGORY_COLUMNS, VARIANT_COLUMNS, CategoryRow, VariantRow
from app.loaders.keyset_statements import CountRow, of_parents, page_values, paged, pages_of_parents, parents_table
from app.loaders.pages import Page, PageRequest, Tally
from app.models.catalog import Category, Product, ProductVariant


@lru_cache(maxsize=4)
def _variant_page(*, keyset: bool, backward: bool) -> Statement:
    parents = parents_table()
    statement: Any = select(*VARIANT_COLUMNS).join(Product, Product.id == ProductVariant.product_id)
    statement = statement.where(ProductVariant.product_id == parents.c.parent_id)
    keys = [(ProductVariant.position, Integer), (ProductVariant.id, Uuid)]
    return compile_statement(
        "variants_page",
        of_parents(paged(statement, keys=keys, descending=False, keyset=keyset, backward=backward), parents=parents),
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
    return await pages_of_parents(reader, statement=statement, row=VariantRow, ids=ids, page=page, values={})


async def variant_counts_of_products(reader: Reader, *, ids: Sequence[UUID]) -> list[Tally]:
    """How many variants each product has."""
    rows = await reader.fetch(_VARIANT_COUNTS, CountRow, {"parent_ids": ids})
    counted = {row.parent_id: row.counted for row in rows}
    return [Tally(counted.get(wanted, 0), True) for wanted in ids]


@lru_cache(maxsize=16)
def _category_page(*, nested: bool, level: bool, keyset: bool, backward: bool) -> Statement:
    parents = parents_table()
    statement: Any = select(*CATEGORY_COLUMNS)
    if nested:
        statement = statement.where(Category.parent_id == parents.c.parent_id)
        # The row has a column of the same name: the one of the parents stands for both.
        statement = statement.with_only_columns(*(c for c in CATEGORY_COLUMNS if c is not Category.parent_id))
    if level:
        statement = statement.where(Category.level == bindparam("level", type_=Integer))
    statement = paged(
        statement, keys=[(Category.name, Text), (Category.id, Uuid)], descending=False, keyset=keyset, backward=backward
    )
    return compile_statement("categories_page", of_parents(statement, parents=parents) if nested else statement)


@lru_cache(maxsize=4)
def _category_count(*, nested: bool, level: bool) -> Statement:
    if nested:
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
        nested=False, level=level is not None, keyset=page.keyset is not None, backward=page.backward
    )
    rows = await reader.fetch(statement, CategoryRow, {"level": level, **page_values(page)})
    return Page.of(rows, page)


async def category_count(reader: Reader, *, level: int | None) -> Tally:
    """How many categories there are, of one level or of all."""
    rows = await reader.fetch(_category_count(nested=False, level=level is not None), CountRow, {"level": level})
    return Tally(rows[0].counted, True)


async def child_pages_of_categories(
    reader: Reader, *, ids: Sequence[UUID], page: PageRequest
) -> list[Page[CategoryRow]]:
    """One page of the categories right below each one, by name."""
    statement = _category_page(nested=True, level=False, keyset=page.keyset is not None, backward=page.backward)
    return await pages_of_parents(reader, statement=statement, row=CategoryRow, ids=ids, page=page, values={})


async def child_counts_of_categories(reader: Reader, *, ids: Sequence[UUID]) -> list[Tally]:
    """How many categories are right below each one."""
    rows = await reader.fetch(_category_count(nested=True, level=False), CountRow, {"parent_ids": ids})
    counted = {row.parent_id: row.counted for row in rows}
    return [Tally(counted.get(wanted, 0), True) for wanted in ids]
