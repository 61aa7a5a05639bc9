"""What is exported comes back as it was."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.feeds.shopify_csv import ShopifyCsvFeed
from app.bootstrap import Application
from app.domain.catalog.products import (
    DEFAULT_OPTION,
    DEFAULT_OPTION_VALUE,
    MediaDraft,
    OptionDraft,
    ProductDraft,
    VariantDraft,
)
from app.ports.product_feed import FeedMedia, FeedProduct, FeedVariant
from app.seeding.shop import SeedShop, SeedShopCommand
from app.usecases.catalog.products import sanitise
from tests.feeds.shop import SAMPLES, Shop, csv_of, more, mug, sample


async def emptied(shop: Shop) -> Shop:
    """The same shop without its products: the log stays."""
    await shop.query("DELETE FROM products")
    await shop.query("DELETE FROM categories")
    return shop


async def test_exports_the_same_bytes_again(shop: Shop) -> None:
    await shop.import_csv(*(sample(name) for name in SAMPLES))
    assert await shop.export_csv() == await shop.export_csv()


async def test_imports_its_own_export_without_a_change(shop: Shop) -> None:
    await shop.import_csv(*(sample(name) for name in SAMPLES))
    before = await shop.state()
    assert (await shop.import_csv(await shop.export_csv())).counts == (0, 0, 60, 0)
    assert await shop.state() == before


async def test_an_empty_shop_gives_the_same_bytes_back(shop: Shop) -> None:
    await shop.import_csv(*(sample(name) for name in SAMPLES))
    exported = await shop.export_csv()
    assert (await (await emptied(shop)).import_csv(exported)).counts == (60, 0, 0, 0)
    assert await shop.export_csv() == exported


async def test_gives_a_sample_shop_back(application: Application, shop: Shop) -> None:
    seeding = SeedShop(database=application.database, pubsub=application.pubsub)
    await seeding.execute(SeedShopCommand(products=250), on_progress=lambda _: None)
    exported = await shop.export_csv()
    before = await shop.state()
    assert (await shop.import_csv(exported)).counts == (0, 0, 250, 0)
    assert await shop.state() == before
    await shop.query("DELETE FROM products")
    await shop.query("DELETE FROM categories")
    assert (await shop.import_csv(exported)).counts == (250, 0, 0, 0)
    assert await shop.export_csv() == exported


async def test_gives_back_columns_that_only_some_files_have(shop: Shop) -> None:
    cells = {
        "Colour (product.metafields.custom.colour)": "blue",
        "Cost per item": "4.00",
        "Google Shopping / MPN": "m1",
        "Variant Inventory Tracker": "shipwire",
        "Included / Germany": "true",
    }
    second = {"Google Shopping / MPN": "m2", "Cost per item": "5.00", "Variant Inventory Tracker": "shopify"}
    file = csv_of(mug() | cells, more("Large") | second)
    await shop.import_csv(file)
    header, first_row, second_row = (await shop.export_csv()).decode().splitlines()
    first = dict(zip(header.split(","), first_row.split(","), strict=True))
    assert {name: first[name] for name in cells} == cells
    further = dict(zip(header.split(","), second_row.split(","), strict=True))
    assert {name: further[name] for name in cells} == {**dict.fromkeys(cells, ""), **second}
    assert (await shop.import_csv(file)).counts == (0, 0, 1, 0)
    assert (await shop.import_csv(await shop.export_csv())).counts == (0, 0, 1, 0)


async def test_gives_back_what_was_written_by_others_than_an_import(shop: Shop) -> None:
    """Texts with commas, quotes, spaces and line breaks; a product with options and without variants; no price."""
    await shop.import_csv(csv_of(mug(), more("Large")))
    awkward = """
        UPDATE products SET name = ' Mug', vendor = '', status = 'ARCHIVED', seo_title = E'=1+1\r\n"x"', seo_description = E'\r',
            tags = ARRAY['a,b', ' c ', '"d"', 'e "f"', E'g\nh'], metafields = '{"n": 5, "Shade": " dark "}'
    """
    await shop.query(awkward)
    await shop.query("UPDATE product_variants SET sku = ' s ', barcode = '' WHERE position = 0")
    await shop.query("UPDATE product_variants SET is_tracked = true, inventory_policy = 'CONTINUE' WHERE position = 1")
    await shop.query("DELETE FROM variant_prices WHERE amount_minor = 1250")
    await shop.query("DELETE FROM stock_levels WHERE on_hand = 3")
    await shop.query(
        "INSERT INTO products SELECT gen_random_uuid(), 'bare', 'Bare', NULL, 'DRAFT', NULL, '{}', NULL, NULL, NULL, NULL,"
        " '{}', now(), now(), 1"
    )
    await shop.query(
        "INSERT INTO product_options SELECT id, 0, 'Size', ARRAY['S', 'M'] FROM products WHERE slug = 'bare'"
    )
    before, exported = await shop.state(), await shop.export_csv()
    again = await shop.import_csv(exported)
    assert (again.refusals, again.counts) == ([], (0, 0, 2, 0))
    assert await shop.state() == before
    assert b"=1+1" in exported


_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_filled = _texts.filter(str.strip)
_optional = st.none() | _texts.filter(bool)
_amounts = st.integers(0, 10**9).map(lambda minor: f"{minor // 100}.{minor % 100:02d}")
_names = st.sampled_from(["Gift Tag", "Season", "Variant Colour", "Cost per item", "=x,y"])


@st.composite
def _variants(draw: st.DrawFn, names: tuple[str, ...]) -> list[FeedVariant]:
    values = st.tuples(*(_filled for _ in names)) if names != (DEFAULT_OPTION,) else st.just((DEFAULT_OPTION_VALUE,))
    combinations = draw(st.lists(values, min_size=1, max_size=3, unique=True))
    variants = []
    for combination in combinations:
        price = draw(st.none() | _amounts)
        draft = VariantDraft(
            options=tuple(zip(names, combination, strict=True)),
            sku=draw(st.none() | _filled),
            barcode=draw(st.none() | _filled),
            weight_grams=draw(st.none() | st.integers(0, 10**9)),
            is_tracked=draw(st.booleans()),
            inventory_policy=draw(st.sampled_from(["DENY", "CONTINUE"])),
            price=price,
            compare_at_price=draw(st.none() | _amounts) if price else None,
            on_hand=draw(st.none() | st.integers(0, 10**9)),
            metafields=draw(st.dictionaries(st.sampled_from(["Variant Colour", "Cost per item"]), _texts.filter(bool))),
        )
        variants.append(FeedVariant(draft=draft))
    return variants


@st.composite
def _products(draw: st.DrawFn) -> FeedProduct:
    names = draw(st.lists(_filled, max_size=3, unique=True).map(tuple)) or (DEFAULT_OPTION,)
    variants = draw(_variants(names))
    values = [[value for _, value in variant.draft.options] for variant in variants]
    urls = draw(st.lists(st.integers(1, 9).map("https://x.example/{}".format), max_size=4))
    return FeedProduct(
        product=ProductDraft(
            slug=draw(st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,5})?", fullmatch=True)),
            name=draw(_filled),
            description=draw(_optional),
            status=draw(st.sampled_from(["ACTIVE", "DRAFT", "ARCHIVED"])),
            vendor=draw(_optional),
            tags=draw(st.lists(_filled, max_size=4, unique=True).map(tuple)),
            seo_title=draw(_optional),
            seo_description=draw(_optional),
            metafields=draw(st.dictionaries(st.sampled_from(["Season", "Gift Tag", "=x,y"]), _texts.filter(bool))),
        ),
        category=draw(st.none() | _filled),
        options=tuple(
            OptionDraft(name=name, values=tuple(dict.fromkeys(own[place] for own in values)))
            for place, name in enumerate(names)
        ),
        media=tuple(FeedMedia(draft=MediaDraft(url=url, alt=draw(_optional))) for url in urls),
        variants=tuple(variants),
    )


def _said(product: FeedProduct) -> tuple[object, ...]:
    """Everything but the lines and the columns that it was read from."""
    return (
        *(product.product, product.category, product.options),
        *([media.draft for media in product.media], [dict(_fields(variant.draft)) for variant in product.variants]),
    )


def _fields(draft: VariantDraft) -> dict[str, object]:
    return {name: getattr(draft, name) for name in VariantDraft.__dataclass_fields__ if name != "kept"}


@given(st.lists(_products(), max_size=4, unique_by=lambda product: product.product.slug))
@settings(max_examples=80, deadline=None)
def test_reads_what_it_writes(products: list[FeedProduct]) -> None:
    feed = ShopifyCsvFeed()
    columns = feed.list_columns(metafields={"Gift Tag", "Season", "Variant Colour", "Cost per item", "=x,y"})
    written = feed.write_header(columns) + "".join(feed.write_product(product, columns=columns) for product in products)
    read = list(feed.read(io.BytesIO(written.encode())))
    assert [_said(product) for product in read] == [_said(product) for product in products]  # type: ignore[arg-type]


@given(st.text(st.sampled_from("<>/ab&;\"'= \n\t!-pstyle") | st.characters(codec="utf-8"), max_size=60))
@settings(max_examples=500, deadline=None)
def test_cleans_what_is_clean_to_the_same(html: str) -> None:
    assert sanitise(sanitise(html)) == sanitise(html)
