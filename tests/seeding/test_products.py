"""Sample products, one by one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

from app.domain.catalog.products import MediaDraft, OptionDraft, ProductDraft, check_media, check_options, check_product
from app.domain.text import slugify
from app.seeding.products import OPENED_AT, make_product
from app.seeding.words import TREE
from app.usecases.catalog.products import sanitise

PRODUCTS = [make_product(seed=1, number=number) for number in range(1, 2_001)]
VARIANTS = [variant for product in PRODUCTS for variant in product.variants]


def test_makes_the_same_product_again() -> None:
    assert make_product(seed=1, number=1_234) == PRODUCTS[1_233]


def test_makes_another_shop_of_another_seed() -> None:
    others = [make_product(seed=2, number=number) for number in range(1, 101)]
    assert not {product.id for product in others} & {product.id for product in PRODUCTS}
    assert sum(other.name == one.name for other, one in zip(others, PRODUCTS, strict=False)) < 10


def test_keeps_the_rules_of_products() -> None:
    for product in PRODUCTS:
        draft = ProductDraft(slug=product.slug, name=product.name, description=product.description, tags=product.tags)
        assert check_product(draft) == []
        assert check_options([OptionDraft(name=name, values=values) for name, values in product.options]) == []
        assert check_media([MediaDraft(url=url, alt=alt) for _, url, alt in product.media]) == []
        assert sanitise(product.description) == product.description


def test_repeats_nothing_that_must_be_unique() -> None:
    for values in (
        [product.slug for product in PRODUCTS],
        [product.id for product in PRODUCTS],
        [variant.id for variant in VARIANTS],
        [variant.sku for variant in VARIANTS],
        [variant.barcode for variant in VARIANTS],
        [id for product in PRODUCTS for id, _, _ in product.media],
    ):
        assert len(set(values)) == len(values)


def test_gives_ids_whose_time_is_that_of_the_product() -> None:
    for product in PRODUCTS:
        for id in (product.id, *(variant.id for variant in product.variants)):
            assert (id.version, id.variant) == (7, "specified in RFC 4122")
            assert datetime.fromtimestamp((id.int >> 80) / 1000, UTC) == product.created_at
    assert all(one.id < other.id for one, other in pairwise(PRODUCTS))
    assert PRODUCTS[0].created_at > OPENED_AT


def test_looks_like_a_shop() -> None:
    assert 3.5 < len(VARIANTS) / len(PRODUCTS) < 4.5
    assert {variant.cents % 100 for variant in VARIANTS} == {0, 50, 95, 99}
    assert 0.1 < sum(variant.compare_at_cents is not None for variant in VARIANTS) / len(VARIANTS) < 0.3
    assert all(variant.compare_at_cents is None or variant.compare_at_cents > variant.cents for variant in VARIANTS)
    assert 0.05 < sum(variant.on_hand == 0 for variant in VARIANTS) / len(VARIANTS) < 0.2
    statuses = Counter(product.status for product in PRODUCTS)
    assert statuses["ACTIVE"] > statuses["DRAFT"] > statuses["ARCHIVED"] > 0
    assert len({product.vendor for product in PRODUCTS}) > 20


def test_has_a_tree_of_categories_of_three_levels() -> None:
    groups = [group for groups in TREE.values() for group in groups]
    kinds = [kind for groups in TREE.values() for kinds in groups.values() for kind in kinds]
    names = [*TREE, *groups, *kinds]
    assert 35 <= len(names) <= 50
    assert len({slugify(name) for name in names}) == len(names)
    assert {product.category for product in PRODUCTS} == set(kinds)


def test_barcodes_have_their_check_digit() -> None:
    for variant in VARIANTS[:100]:
        digits = [int(digit) for digit in variant.barcode]
        assert len(digits) == 13
        assert (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0
