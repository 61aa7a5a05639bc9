"""Shopify's own sample files, compared with what one reads in them by eye."""

from __future__ import annotations

import pytest

from app.domain.catalog.products import DEFAULT_OPTION_VALUE
from tests.feeds.shop import SAMPLES, Shop, sample

PHOTOS = "https://burst.shopifycdn.com/photos"


@pytest.mark.parametrize(
    ("name", "products", "variants", "media", "units"),
    [("apparel", 20, 22, 20, 22), ("home-and-garden", 20, 21, 21, 65), ("jewelery", 20, 23, 41, 20)],
)
async def test_imports_everything(shop: Shop, name: str, products: int, variants: int, media: int, units: int) -> None:
    imported = await shop.import_csv(sample(name))
    assert imported.counts == (products, 0, 0, 0)
    assert imported.refusals == []
    counted = await shop.query(
        "SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM product_variants),"
        " (SELECT count(*) FROM product_media), (SELECT sum(on_hand) FROM stock_levels),"
        " (SELECT count(*) FROM variant_prices), (SELECT count(*) FROM stock_levels)"
    )
    assert counted == [(products, variants, media, units, variants, variants)]


async def test_reads_prices_stock_and_pictures_of_each_variant(shop: Shop) -> None:
    await shop.import_csv(sample("jewelery"))
    blue, black = f"{PHOTOS}/navy-blue-chakra-bracelet_925x.jpg", f"{PHOTOS}/7-chakra-bracelet_925x.jpg"
    assert await shop.variants("chain-bracelet") == [
        (["Blue"], 4299, 4499, 1, False, blue),
        (["Black"], 4299, 4499, 0, False, black),
    ]
    gold, silver = f"{PHOTOS}/anchor-bracelet-mens_925x.jpg", f"{PHOTOS}/anchor-bracelet-for-men_925x.jpg"
    assert await shop.variants("leather-anchor") == [
        (["Gold"], 6999, 8500, 1, False, gold),
        (["Silver"], 5500, 8500, 0, False, silver),
    ]


async def test_reads_pictures_in_their_order(shop: Shop) -> None:
    await shop.import_csv(sample("jewelery"))
    assert await shop.media("origami-crane-necklace") == [
        (f"{PHOTOS}/origami-crane-necklace-gold_925x.jpg", None),
        (f"{PHOTOS}/silver-origami-necklace_925x.jpg", None),
        (f"{PHOTOS}/origami-crane-necklace_925x.jpg", None),
        (f"{PHOTOS}/womens-green-turtleneck_925x.jpg", None),
    ]
    purple = await shop.variants("gemstone")
    assert purple[1] == (["Purple"], 2799, 2999, 0, False, f"{PHOTOS}/purple-gemstone-necklace_925x.jpg")
    assert len(await shop.media("gemstone")) == 4


async def test_reads_a_product_without_options(shop: Shop) -> None:
    await shop.import_csv(sample("home-and-garden"))
    assert await shop.variants("copper-light") == [
        ([DEFAULT_OPTION_VALUE], 5999, 7500, 2, False, None),
    ]
    assert await shop.query("SELECT o.name, values FROM product_options o JOIN products p ON p.id = o.product_id"
                            " WHERE slug = 'copper-light'") == [("Title", [DEFAULT_OPTION_VALUE])]  # fmt: skip


async def test_tracks_stock_where_the_file_names_a_tracker(shop: Shop) -> None:
    await shop.import_csv(*(sample(name) for name in SAMPLES))
    assert await shop.variants("biodegradable-cardboard-pots") == [([DEFAULT_OPTION_VALUE], 1000, None, 8, True, None)]
    tracked = "SELECT p.slug FROM products p JOIN product_variants v ON v.product_id = p.id WHERE is_tracked"
    assert await shop.query(tracked) == [("biodegradable-cardboard-pots",)]


async def test_reads_texts_tags_and_categories(shop: Shop) -> None:
    await shop.import_csv(*(sample(name) for name in SAMPLES))
    columns = "SELECT p.name, status, vendor, tags, c.name, c.slug, c.level, c.path = ARRAY[c.id] FROM products p"
    joined = f"{columns} LEFT JOIN categories c ON c.id = p.category_id WHERE p.slug = :slug"
    pendant = await shop.query(joined, slug="choker-with-gold-pendant")
    tags = ["Choker", "Gold", "Leather", "Pendant"]
    assert pendant == [("Choker with Gold Pendant", "ACTIVE", "Company 123", tags, "Necklace", "necklace", 0, True)]
    assert await shop.query(joined, slug="ocean-blue-shirt") == [
        ("Ocean Blue Shirt", "ACTIVE", "partners-demo", ["men"], None, None, None, None)
    ]
    categories = (
        "SELECT c.name, count(p.id) FROM categories c JOIN products p ON p.category_id = c.id GROUP BY 1 ORDER BY 1"
    )
    assert await shop.query(categories) == [
        ("Bracelet", 5),
        ("Earrings", 4),
        ("Indoor", 13),
        ("Necklace", 11),
        ("Outdoor", 7),
    ]


async def test_keeps_line_breaks_and_markup_of_descriptions(shop: Shop) -> None:
    await shop.import_csv(sample("jewelery"))
    ((description,),) = await shop.query("SELECT description FROM products WHERE slug = 'choker-with-gold-pendant'")
    assert description.endswith("</li>\n<li>Made in USA</li>\n</ul>")
    assert '<li>Length, 12" with 2.5" extender</li>' in description


async def test_keeps_what_has_no_column(shop: Shop) -> None:
    await shop.import_csv(sample("jewelery"))
    query = (
        "SELECT weight_grams, v.metafields, p.metafields FROM product_variants v JOIN products p ON p.id = product_id"
    )
    ((grams, of_variant, of_product),) = await shop.query(f"{query} WHERE slug = 'boho-earrings'")
    assert grams == 28
    assert of_variant == {
        "Variant Fulfillment Service": "manual",
        "Variant Requires Shipping": "true",
        "Variant Taxable": "true",
        "Variant Weight Unit": "oz",
    }
    assert of_product == {"Type": "Earrings", "Gift Card": "false"}


async def test_records_what_it_did(shop: Shop) -> None:
    await shop.import_csv(sample("home-and-garden"))
    events = await shop.events()
    assert events.count(("catalog.product.created", 1)) == 20
    assert events.count(("inventory.stock.adjusted", 1)) == 21
    assert len(events) == 41
    assert await shop.query("SELECT count(*) FROM event_inbox") == [(41,)]
    reasons = "SELECT DISTINCT data->>'reason' FROM events WHERE type = 'inventory.stock.adjusted'"
    assert await shop.query(reasons) == [("import",)]
