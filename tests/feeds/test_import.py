"""What an import changes, and what it leaves alone."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from tests.feeds.shop import SAMPLES, Shop, csv_of, more, mug, sample


async def test_changes_nothing_the_second_time(shop: Shop) -> None:
    files = [sample(name) for name in SAMPLES]
    assert (await shop.import_csv(*files)).counts == (60, 0, 0, 0)
    before = await shop.state()
    again = await shop.import_csv(*files)
    assert again.counts == (0, 0, 60, 0)
    assert again.report.rows == 84
    assert await shop.state() == before


async def test_changes_what_the_file_says_and_records_it(shop: Shop) -> None:
    await shop.import_csv(csv_of(mug(Vendor="Kiln", Tags="a, b")))
    changed = await shop.import_csv(csv_of(mug(Vendor="Kiln Row", Tags="b, c")))
    assert changed.counts == (0, 1, 0, 0)
    assert await shop.query("SELECT vendor, tags, version FROM products") == [("Kiln Row", ["b", "c"], 2)]
    assert await shop.events() == [
        ("catalog.product.created", 1),
        ("inventory.stock.adjusted", 1),
        ("catalog.product.updated", 2),
    ]
    assert await shop.query("SELECT data->'changed' FROM events WHERE type = 'catalog.product.updated'") == [
        (["tags", "vendor"],)
    ]


async def test_adds_and_changes_variants(shop: Shop) -> None:
    await shop.import_csv(csv_of(mug(), more("Large")))
    await shop.import_csv(csv_of(mug(Variant_Price="13.00"), more("Large"), more("Huge")))
    assert [own[:4] for own in await shop.variants("mug")] == [
        (["Small"], 1300, None, 3),
        (["Large"], 1500, None, 1),
        (["Huge"], 1500, None, 1),
    ]
    upserted = (
        "SELECT jsonb_array_length(data->'created_ids'), jsonb_array_length(data->'updated_ids'), version FROM events"
    )
    assert await shop.query(f"{upserted} WHERE type = 'catalog.product.variants_upserted'") == [(1, 1, 3)]
    assert await shop.query("SELECT values FROM product_options") == [(["Small", "Large", "Huge"],)]
    assert await shop.query("SELECT version FROM product_variants ORDER BY position") == [(2,), (1,), (1,)]
    assert await shop.query("SELECT version FROM products") == [(3,)]


async def test_leaves_variants_that_the_file_does_not_name(shop: Shop) -> None:
    await shop.import_csv(csv_of(mug(), more("Large"), more("Huge")))
    await shop.import_csv(csv_of(mug(Option1_Value="Huge", Variant_Price="99.00")))
    assert [own[:2] for own in await shop.variants("mug")] == [(["Small"], 1250), (["Large"], 1500), (["Huge"], 9900)]


async def test_takes_the_order_of_a_file_that_names_all_variants(shop: Shop) -> None:
    await shop.import_csv(csv_of(mug(), more("Large")))
    swapped = csv_of(mug(Option1_Value="Large"), more("Small"))
    assert (await shop.import_csv(swapped)).counts == (0, 1, 0, 0)
    assert [own[0] for own in await shop.variants("mug")] == [["Large"], ["Small"]]
    assert (await shop.import_csv(swapped)).counts == (0, 0, 1, 0)


async def test_counts_stock_anew_without_a_new_version_of_the_product(shop: Shop) -> None:
    await shop.import_csv(csv_of(mug(Variant_Inventory_Qty="3")))
    assert (await shop.import_csv(csv_of(mug(Variant_Inventory_Qty="1")))).counts == (0, 1, 0, 0)
    assert await shop.query("SELECT on_hand, version FROM stock_levels") == [(1, 2)]
    assert await shop.query("SELECT version FROM products") == [(1,)]
    adjusted = (
        "SELECT data->'delta', data->'on_hand' FROM events WHERE type = 'inventory.stock.adjusted' ORDER BY position"
    )
    assert await shop.query(adjusted) == [(3, 3), (-2, 1)]


async def test_leaves_alone_what_the_file_has_no_column_for(shop: Shop) -> None:
    full = {"Vendor": "Kiln", "Variant_SKU": "M-1", "Variant_Barcode": "123", "Variant_Compare_At_Price": "20"}
    await shop.import_csv(csv_of(mug(**full, Tags="a", Image_Src="https://x.example/1.jpg", Gift_Card="false")))
    before = await shop.state()
    assert (await shop.import_csv(csv_of({"Handle": "mug", "Title": "Mug"}))).counts == (0, 0, 1, 0)
    priced = {
        "Handle": "mug",
        "Title": "Mug",
        "Option1 Name": "Size",
        "Option1 Value": "Small",
        "Variant Price": "12.50",
    }
    assert (await shop.import_csv(csv_of(priced))).counts == (0, 0, 1, 0)
    assert await shop.state() == before


async def test_removes_what_the_file_has_an_empty_cell_for(shop: Shop) -> None:
    full = {
        "Vendor": "Kiln",
        "Variant_SKU": "M-1",
        "Variant_Compare_At_Price": "20",
        "Google": "x",
        "Variant_Tax_Code": "T",
    }
    await shop.import_csv(csv_of(mug(**full, Image_Src="https://x.example/1.jpg", Variant_Grams="4")))
    empty = dict.fromkeys((*full, "Image_Src", "Variant_Grams"), "")
    assert (await shop.import_csv(csv_of(mug(**empty)))).counts == (0, 1, 0, 0)
    columns = "vendor, sku, weight_grams, p.metafields, v.metafields"
    joined = f"SELECT {columns} FROM products p JOIN product_variants v ON p.id = v.product_id"  # noqa: S608
    assert await shop.query(joined) == [(None, None, None, {}, {})]
    assert await shop.media("mug") == []
    assert [own[1:3] for own in await shop.variants("mug")] == [(1250, None)]


async def test_leaves_price_stock_and_category_where_their_cell_is_empty(shop: Shop) -> None:
    await shop.import_csv(csv_of(mug(Type="Cups")))
    again = await shop.import_csv(csv_of(mug(Type="", Variant_Price="", Variant_Inventory_Qty="")))
    assert again.counts == (0, 0, 1, 0)


async def test_keeps_pictures_ids_with_their_url(shop: Shop) -> None:
    one, two = "https://x.example/1.jpg", "https://x.example/2.jpg"
    pictures = csv_of(
        mug(Image_Src=one, Variant_Image=one), {"Handle": "mug", "Image Src": two, "Image Alt Text": "Two"}
    )
    await shop.import_csv(pictures)
    ids = dict(await shop.query("SELECT url, id FROM product_media"))
    await shop.import_csv(csv_of(mug(Image_Src=two, Variant_Image=two, Image_Alt_Text="Zwei")))
    assert await shop.query("SELECT url, alt, id, position FROM product_media") == [(two, "Zwei", ids[two], 0)]
    assert await shop.query("SELECT media_id FROM product_variants") == [(ids[two],)]


async def test_orders_pictures_by_position(shop: Shop) -> None:
    rows = [mug(Image_Src="https://x.example/c", Image_Position="3")]
    rows += [
        {"Handle": "mug", "Image Src": f"https://x.example/{name}", "Image Position": place}
        for name, place in (("d", ""), ("a", "1"), ("b", "2"))
    ]
    await shop.import_csv(csv_of(*rows))
    assert [url[-1] for url, _ in await shop.media("mug")] == ["a", "b", "c", "d"]


async def test_adds_the_picture_that_only_a_variant_names(shop: Shop) -> None:
    file = csv_of(mug(Image_Src="https://x.example/1", Variant_Image="https://x.example/2"))
    await shop.import_csv(file)
    assert [url for url, _ in await shop.media("mug")] == ["https://x.example/1", "https://x.example/2"]
    assert (await shop.import_csv(file)).counts == (0, 0, 1, 0)


async def test_passes_skus_on_between_variants_and_products(shop: Shop) -> None:
    jug = {"Handle": "jug", "Title": "Jug", "Variant Price": "30"}
    await shop.import_csv(csv_of(mug(Variant_SKU="A"), more("Large", Variant_SKU="B"), jug | {"Variant SKU": "C"}))
    moved = csv_of(mug(Variant_SKU="B"), more("Large", Variant_SKU="C2"), jug | {"Variant SKU": "A"})
    assert (await shop.import_csv(moved)).refusals == []
    skus = "SELECT p.slug, v.sku FROM products p JOIN product_variants v ON p.id = v.product_id ORDER BY 1, position"
    assert await shop.query(skus) == [("jug", "A"), ("mug", "B"), ("mug", "C2")]


async def test_cleans_descriptions_as_other_writers_do(shop: Shop) -> None:
    file = csv_of(mug(**{"Body_(HTML)": "<p onclick='x()'>Hot & <b>good</b></p><script>alert(1)</script>"}))
    await shop.import_csv(file)
    assert await shop.query("SELECT description FROM products") == [("<p>Hot &amp; <b>good</b></p>",)]
    assert (await shop.import_csv(file)).counts == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("published", "status", "expected"),
    [
        ("true", "", "ACTIVE"),
        ("TRUE", "active", "ACTIVE"),
        ("", "", "ACTIVE"),
        ("false", "", "DRAFT"),
        ("false", "active", "DRAFT"),
        ("true", "draft", "DRAFT"),
        ("true", "archived", "ARCHIVED"),
    ],
)
async def test_reads_who_sees_a_product(shop: Shop, published: str, status: str, expected: str) -> None:
    await shop.import_csv(csv_of(mug(Published=published, Status=status)))
    assert await shop.query("SELECT status FROM products") == [(expected,)]


async def test_gives_a_product_without_variants_in_the_file_its_default_one(shop: Shop) -> None:
    await shop.import_csv(csv_of({"Handle": "mug", "Title": "Mug"}))
    assert await shop.variants("mug") == [(["Default Title"], None, None, None, True, None)]


async def test_keeps_the_category_that_staff_chose_until_the_file_says_another(shop: Shop) -> None:
    await shop.import_csv(csv_of(mug(Type="Cups")))
    await shop.query("UPDATE products SET category_id = NULL")
    assert (await shop.import_csv(csv_of(mug(Type="Cups")))).counts == (0, 0, 1, 0)
    assert (await shop.import_csv(csv_of(mug(Type="Jugs")))).counts == (0, 1, 0, 0)
    joined = "SELECT c.name FROM products p JOIN categories c ON c.id = p.category_id"
    assert await shop.query(joined) == [("Jugs",)]


async def test_shares_a_category_between_names_with_one_slug(shop: Shop) -> None:
    other = {"Handle": "jug", "Title": "Jug", "Type": "T Shirts", "Variant Price": "1"}
    file = csv_of(mug(Type="T-Shirts"), other)
    await shop.import_csv(file)
    assert await shop.query("SELECT name FROM categories") == [("T-Shirts",)]
    assert (await shop.import_csv(file)).counts == (0, 0, 2, 0)


async def test_takes_a_handle_that_comes_back_as_a_further_change(shop: Shop) -> None:
    jug = {"Handle": "jug", "Title": "Jug", "Variant Price": "30"}
    imported = await shop.import_csv(csv_of(mug(Vendor="One"), jug, mug(Vendor="Two")))
    assert imported.counts == (2, 1, 0, 0)
    assert await shop.query("SELECT vendor, version FROM products WHERE slug = 'mug'") == [("Two", 2)]


async def test_prices_are_those_of_the_channel(shop: Shop) -> None:
    await shop.query(
        "INSERT INTO channels VALUES (gen_random_uuid(), 'jp', 'Japan', 'JPY', true)",
    )
    await shop.import_csv(csv_of(mug()))
    assert (await shop.import_csv(csv_of(mug(Variant_Price="1800")), channel="jp")).counts == (0, 1, 0, 0)
    assert await shop.query("SELECT currency_code, amount_minor FROM variant_prices ORDER BY 1") == [
        ("JPY", 1800),
        ("USD", 1250),
    ]
    refused = await shop.import_csv(csv_of(mug(Variant_Price="1800.50")), channel="jp")
    assert refused.refusals == ["2: Variant Price: JPY has 0 digits after the decimal point."]


async def test_two_imports_at_once_make_one_shop(shop: Shop) -> None:
    rows = [
        mug(Handle=f"mug-{number}", Type=f"Type {number % 7}", Variant_SKU=f"SKU-{number}") for number in range(1, 251)
    ]
    file, backwards = csv_of(*rows), csv_of(*reversed(rows))
    both = await asyncio.gather(shop.import_csv(file), shop.import_csv(backwards))
    assert [one.refusals for one in both] == [[], []]
    assert sum(one.report.created for one in both) == 250
    assert sum(one.report.unchanged for one in both) == 250
    assert await shop.query("SELECT count(*), count(DISTINCT slug), max(version) FROM products") == [(250, 250, 1)]
    assert len(await shop.events()) == 500


async def test_meets_a_shop_that_others_write_to(shop: Shop) -> None:
    """It decides anew when somebody else has counted the stock between its look and its write."""
    await shop.import_csv(csv_of(mug(Variant_Inventory_Qty="3")))
    database = shop.application.database
    async with database.transaction() as session:
        await session.execute(text("UPDATE stock_levels SET on_hand = 9, version = 2"))
        stream = "SELECT stream, 2, type, 1, data || '{\"delta\": 6, \"on_hand\": 9}', '{}' FROM events"
        await session.execute(
            text(
                "INSERT INTO events (stream, version, type, schema_version, data, metadata)"
                f" {stream} WHERE type = 'inventory.stock.adjusted'"
            )
        )
        importing = asyncio.create_task(shop.import_csv(csv_of(mug(Variant_Inventory_Qty="5"))))
        await _wait_for_blocked(shop)
    assert (await importing).counts == (0, 1, 0, 0)
    assert await shop.query("SELECT on_hand, version FROM stock_levels") == [(5, 3)]
    deltas = "SELECT data->'delta' FROM events WHERE type = 'inventory.stock.adjusted' ORDER BY position"
    assert [int(delta) for (delta,) in await shop.query(deltas)] == [3, 6, -4]


async def test_loses_no_change_that_somebody_else_makes_meanwhile(shop: Shop) -> None:
    await shop.import_csv(csv_of(mug(Tags="old")))
    async with shop.application.database.transaction() as session:
        await session.execute(text("UPDATE products SET vendor = 'Staff', version = 2"))
        record = "SELECT stream, 2, type, 1, data, '{}' FROM events WHERE type = 'catalog.product.created'"
        await session.execute(
            text(f"INSERT INTO events (stream, version, type, schema_version, data, metadata) {record}")
        )
        importing = asyncio.create_task(shop.import_csv(csv_of(mug(Tags="new"))))
        await _wait_for_blocked(shop)
    assert (await importing).counts == (0, 1, 0, 0)
    assert await shop.query("SELECT vendor, tags, version FROM products") == [("Staff", ["new"], 3)]


async def _wait_for_blocked(shop: Shop) -> None:
    async with asyncio.timeout(20):
        while not await shop.query("SELECT 1 FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
