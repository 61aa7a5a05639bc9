"""Bad rows: each is told with its line and its reason, and spoils its own product alone."""

from __future__ import annotations

import pytest

from tests.feeds.shop import Shop, csv_of, more, mug

LONG = "x" * 256
NO_NUMBER = "Must be a number like"

# Cells of the first row of a product (or all its rows), and what is said of it. Line 2 is the first row of each.
BAD: dict[str, tuple[list[dict[str, str]], list[str]]] = {
    "no handle": ([mug(Handle="")], ["2: The row has no Handle."]),
    "a handle that is no slug": (
        [mug(Handle="Big Mug")],
        ["2: Handle: Must be at most 255 small letters and digits, joined by hyphens: blue-shirt."],
    ),
    "no title": (
        [mug(Title="")],
        ["2: Title: Must not be empty in the first row of a product, and its rows must follow each other."],
    ),
    "a price that is none": ([mug(Variant_Price="4,99")], [f"2: Variant Price: {NO_NUMBER} 12.50, not '4,99'."]),
    "a price in other digits": ([mug(Variant_Price="1e3")], [f"2: Variant Price: {NO_NUMBER} 12.50, not '1e3'."]),
    "a negative price": ([mug(Variant_Price="-1.00")], ["2: Variant Price: Must not be negative."]),
    "a price with too many digits": (
        [mug(Variant_Price="1.001")],
        ["2: Variant Price: USD has 2 digits after the decimal point."],
    ),
    "a price that is too large": ([mug(Variant_Price="9" * 20)], ["2: Variant Price: The amount is too large."]),
    "a price before without a price": (
        [mug(Variant_Price="", Variant_Compare_At_Price="5")],
        ["2: Variant Compare At Price: Needs a price beside it."],
    ),
    "a quantity that is none": (
        [mug(Variant_Inventory_Qty="3.5")],
        [f"2: Variant Inventory Qty: {NO_NUMBER} 12, not '3.5'."],
    ),
    "a negative quantity": (
        [mug(), more("Large", Variant_Inventory_Qty="-1")],
        ["3: Variant Inventory Qty: Must be between 0 and 1000000000."],
    ),
    "a weight that is none": ([mug(Variant_Grams="heavy")], [f"2: Variant Grams: {NO_NUMBER} 250, not 'heavy'."]),
    "a title that is too long": ([mug(Title=LONG)], ["2: Title: Must have at most 255 characters."]),
    "a vendor that is too long": ([mug(Vendor=LONG)], ["2: Vendor: Must have at most 255 characters."]),
    "a category that is too long": ([mug(Type=LONG)], ["2: Type: Must have at most 255 characters."]),
    "a tag that is too long": ([mug(Tags=f"a, {LONG}")], ["2: Tags: Must have at most 255 characters."]),
    "a metafield that is too long": (
        [mug(Season="x" * 500_001)],
        ["2: Season: Must have at most 500000 characters."],
    ),
    "a cell that is far too long": (
        [mug(Season="x" * 1_000_001)],
        ["2: A quote that opens here isn't closed within 1000000 characters: what follows can't be read."],
    ),
    "an unknown boolean": ([mug(Published="yes")], ["2: Published: Must be true or false, not 'yes'."]),
    "an unknown boolean of a variant": (
        [mug(), more("Large", Variant_Taxable="ja")],
        ["3: Variant Taxable: Must be true or false, not 'ja'."],
    ),
    "an unknown status": ([mug(Status="gone")], ["2: Status: Must be active or draft or archived, not 'gone'."]),
    "an unknown policy": (
        [mug(Variant_Inventory_Policy="maybe")],
        ["2: Variant Inventory Policy: Must be deny or continue, not 'maybe'."],
    ),
    "the same options twice": ([mug(), more("Small")], ["3: Options: Another row has these options: Small."]),
    "a value without an option": (
        [mug(), more("Large", Option2_Value="Red")],
        ["3: Option2 Value: The product's first row gives this option no name."],
    ),
    "an option without a value": (
        [mug(), more("Large"), more("", Variant_SKU="M-3")],
        ["4: Option1 Value: Must not be empty, since the product has the option 'Size'."],
    ),
    "an option in between without a name": (
        [mug(Option3_Name="Colour", Option3_Value="Red")],
        ["2: Option2 Value: Must not be empty, since the product has the option ''."],
    ),
    "two options with one name": (
        [mug(Option2_Name="Size", Option2_Value="S")],
        ["2: Options: Two options have the same name."],
    ),
    "a second title": (
        [mug(), more("Large", Title="Other")],
        ["3: Title: Differs from the product's first row, line 2."],
    ),
    "a picture that is no address": (
        [mug(), more("Large", Image_Src="mug.jpg")],
        ["3: Image Src: Must be a http or https URL."],
    ),
    "a position that is none": (
        [mug(Image_Src="https://x.example/1", Image_Position="first")],
        [f"2: Image Position: {NO_NUMBER} 1, not 'first'."],
    ),
    "a SKU that is there twice": (
        [mug(Variant_SKU="M"), more("Large", Variant_SKU="M")],
        ["3: Variant SKU: The SKU M belongs to another variant."],
    ),
    "a SKU of another product": (
        [mug(Variant_SKU="JUG")],
        ["2: Variant SKU: The SKU JUG belongs to another variant."],
    ),
    "a character that can't be stored": ([mug(Vendor="a\0b")], ["2: The row holds the character U+0000."]),
    "several things": (
        [mug(Variant_Price="x"), more("Large", Variant_Price="y")],
        [f"2: Variant Price: {NO_NUMBER} 12.50, not 'x'.", f"3: Variant Price: {NO_NUMBER} 12.50, not 'y'."],
    ),
}


async def test_tells_each_bad_row_with_its_line_and_takes_the_rest(shop: Shop) -> None:
    await shop.import_csv(csv_of({"Handle": "jug", "Title": "Jug", "Variant SKU": "JUG"}))
    cup = {"Handle": "cup", "Title": "Cup"}
    said, expected = {}, {}
    for what, (rows, reasons) in BAD.items():
        before = await shop.state()
        # What can't be closed swallows what follows it, so there is nothing after that one.
        imported = await shop.import_csv(csv_of(*rows, *([] if "far" in what else [cup])))
        said[what], expected[what] = imported.refusals, reasons
        assert imported.report.refused == 1, what
        if "far" not in what:
            assert imported.report.created == 1, what
            await shop.query("DELETE FROM products WHERE slug = 'cup'")
            after = await shop.state()
            assert {**after, "events": []} == {**before, "events": []}, what
    assert said == expected


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"mug,Mug,a,b\n", "2: The row has 4 cells, and the header 3."),
        (b"mug,Mug\n", "2: The row has 2 cells, and the header 3."),
        (b"mug,M\xfcg,12\n", "2: The row isn't UTF-8: save the file as CSV in UTF-8."),
        (
            b'mug,"Mug" x,12\n',
            "2: The row is no CSV (',' expected after '\"'): a quote inside a quoted cell is written twice.",
        ),
    ],
)
async def test_refuses_the_product_of_a_row_that_cannot_be_read(shop: Shop, bad: bytes, reason: str) -> None:
    header, good, cup = b"Handle,Title,Variant Price\n", b"mug,Mug,12\n", b"cup,Cup,10\n"
    before = await shop.import_csv(header + bad + good + cup)
    assert (before.refusals, before.counts, before.report.rows) == ([reason], (1, 0, 0, 1), 3)
    after = await shop.import_csv(header + good + bad + cup)
    assert (after.refusals, after.counts) == ([reason.replace("2:", "3:", 1)], (0, 0, 1, 1))
    assert await shop.query("SELECT slug FROM products") == [("cup",)]


async def test_reads_up_to_a_quote_that_is_never_closed(shop: Shop) -> None:
    imported = await shop.import_csv(b'Handle,Title\ncup,Cup\nmug,"Mug\njug,Jug\n')
    assert imported.refusals == ["3: A quote that opens here isn't closed."]
    assert await shop.query("SELECT slug FROM products") == [("cup",)]


async def test_refuses_each_row_without_a_handle_by_itself(shop: Shop) -> None:
    imported = await shop.import_csv(b"Handle,Title\n,Mug\n,Cup\njug,Jug\n")
    assert imported.refusals == ["2: The row has no Handle.", "3: The row has no Handle."]
    assert imported.counts == (1, 0, 0, 2)


async def test_counts_lines_of_the_file_not_rows(shop: Shop) -> None:
    rows = [mug(Vendor="two\nlines"), more("Large"), {"Handle": "jug", "Title": "Jug", "Variant Price": "x"}]
    assert (await shop.import_csv(csv_of(*rows))).refusals == [f"5: Variant Price: {NO_NUMBER} 12.50, not 'x'."]


async def test_refuses_other_options_than_the_product_has(shop: Shop) -> None:
    await shop.import_csv(csv_of(mug()))
    refused = await shop.import_csv(csv_of(mug(Option1_Name="Colour")))
    assert refused.refusals == [
        "2: Options: The product has the options Size in the shop, and Colour in the file: "
        "an import can add values to options, but not change the options."
    ]


async def test_refuses_too_many_variants_and_pictures(shop: Shop) -> None:
    many = [mug(), *(more(str(number)) for number in range(2_000))]
    assert (await shop.import_csv(csv_of(*many))).refusals == ["2: Variants: A product has at most 2000 variants."]
    pictures = [{"Handle": "mug", "Image Src": f"https://x.example/{number}"} for number in range(251)]
    assert (await shop.import_csv(csv_of(mug(), *pictures))).refusals == ["2: Image Src: At most 250 pictures."]
    rows = [mug(), *({"Handle": "mug", "Image Src": "https://x.example/1"} for _ in range(3_000))]
    assert (await shop.import_csv(csv_of(*rows))).refusals == ["2252: More than 2250 rows for one product."]


async def test_stops_at_the_first_when_strict(shop: Shop) -> None:
    cup, jug = {"Handle": "cup", "Title": "Cup"}, {"Handle": "jug", "Title": "Jug"}
    imported = await shop.import_csv(csv_of(cup, mug(Variant_Price="-1"), jug), strict=True)
    assert (imported.complete, imported.counts) == (False, (1, 0, 0, 1))
    imported = await shop.import_csv(csv_of(cup, mug(Variant_Price="x"), jug), strict=True)
    assert (imported.complete, imported.counts) == (False, (0, 0, 1, 1))
    assert await shop.query("SELECT slug FROM products") == [("cup",)]
