"""One believable product from a seed and a number: the same every time, whatever was made before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from uuid import UUID

from app.domain.catalog.products import DEFAULT_OPTION, DEFAULT_OPTION_VALUE
from app.domain.text import slugify
from app.seeding.words import (
    COLOURS,
    ENDINGS,
    MIDDLES,
    OPENINGS,
    SERIES,
    TAGS,
    TREE,
    VENDORS,
    Kind,
)

Options = tuple[tuple[str, tuple[str, ...]], ...]
"""Names, each with its values."""
OPENED_AT = datetime(2025, 1, 1, 8, tzinfo=UTC)
"""When the first product was added; each minute has another one."""
IMAGES = "https://images.tradepost.example"
KINDS = tuple((name, kind) for groups in TREE.values() for kinds in groups.values() for name, kind in kinds.items())
_MOST_SIZES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleVariant:
    """A variant with its price in US cents and its stock."""

    id: UUID
    values: tuple[str, ...]
    sku: str
    barcode: str
    grams: int
    media: int | None
    """Which of the product's pictures shows it."""
    continues: bool
    cents: int
    compare_at_cents: int | None
    on_hand: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleProduct:
    """A product with all that hangs on it."""

    id: UUID
    slug: str
    name: str
    description: str
    status: str
    vendor: str
    tags: tuple[str, ...]
    category: str
    """Name of a category of the lowest level."""
    created_at: datetime
    options: Options
    media: tuple[tuple[UUID, str, str], ...]
    """(id, URL, text for those who can't see it)."""
    variants: tuple[SampleVariant, ...]


def seeded_id(random: Random, at: datetime) -> UUID:
    """A UUIDv7 whose time and randomness are given (RFC 9562, section 5.7)."""
    milliseconds = int(at.timestamp() * 1000)
    bits = random.getrandbits(74)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & (1 << 62) - 1)


def make_product(*, seed: int, number: int) -> SampleProduct:
    """The product with this number, counted from 1, in the shop of this seed."""
    random = Random(f"{seed}/{number}")
    at = OPENED_AT + timedelta(minutes=number)
    category, kind = random.choice(KINDS)
    series, noun, vendor = random.choice(SERIES), random.choice(kind.nouns), random.choice(VENDORS)
    material = random.choice(kind.materials)
    name = f"{series} {noun}" if kind.has_materials else f"{series} {material} {noun}"
    slug = f"{slugify(name)}-{number}"
    options = _options(random, kind, material)
    media = tuple(_media(random, slug, name, options, at=at))
    return SampleProduct(
        id=seeded_id(random, at),
        slug=slug,
        name=name,
        description=_description(random, kind, series=series, noun=noun, vendor=vendor, material=material),
        status=random.choices(("ACTIVE", "DRAFT", "ARCHIVED"), (94, 4, 2))[0],
        vendor=vendor,
        tags=tuple(sorted({slugify(category), slugify(material), *random.sample(TAGS, random.randint(0, 3))})),
        category=category,
        created_at=at,
        options=options or ((DEFAULT_OPTION, (DEFAULT_OPTION_VALUE,)),),
        media=media,
        variants=tuple(_variants(random, kind, options, number=number, vendor=vendor, at=at)),
    )


def _options(random: Random, kind: Kind, material: str) -> Options:
    """Which choices there are: about four variants a product, one for those without a choice."""
    options: list[tuple[str, tuple[str, ...]]] = []
    if kind.sizes:
        count = random.randint(2, min(_MOST_SIZES, len(kind.sizes)))
        start = random.randint(0, len(kind.sizes) - count)
        options.append(("Size", kind.sizes[start : start + count]))
    if kind.has_colours:
        options.append(("Color", tuple(random.sample(COLOURS, random.randint(1, 2 if kind.sizes else 6)))))
    if kind.has_materials:
        others = [other for other in kind.materials if other != material]
        options.append(("Material", (material, *random.sample(others, random.randint(0, len(others) - 1)))))
    return tuple(options)


def _media(random: Random, slug: str, name: str, options: Options, *, at: datetime) -> Iterator[tuple[UUID, str, str]]:
    """A picture of each colour, or some of the thing as it is."""
    colours = dict(options).get("Color", ())
    views = [f"{name} in {colour.lower()}" for colour in colours] or [name, f"{name}, in use", f"{name}, from above"]
    for number, alt in enumerate(views[: None if colours else random.randint(1, 3)], start=1):
        yield seeded_id(random, at), f"{IMAGES}/{slug}/{number}.jpg", alt


def _variants(
    random: Random,
    kind: Kind,
    options: Options,
    *,
    number: int,
    vendor: str,
    at: datetime,
) -> Iterator[SampleVariant]:
    names = [name for name, _ in options]
    base, grams = _price(random.randint(*kind.cents)), random.randint(*kind.grams)
    step = _price(max(base // 8, 100)) if "Size" in names and kind.sizes[0] != "XS" else 0
    percent_before, continues = random.choice((120, 125, 135, 150)), random.random() < 0.08
    on_sale = random.random() < 0.2
    for place, values in enumerate(_combinations(options)):
        chosen = dict(zip(names, values, strict=False))
        size = options[0][1].index(chosen["Size"]) if "Size" in chosen else 0
        cents = _price(base + size * step)
        yield SampleVariant(
            id=seeded_id(random, at),
            values=values,
            sku=f"{vendor[:3].upper()}-{number:06d}-{place + 1:02d}",
            barcode=_barcode(number * 100 + place),
            grams=grams + size * grams // 5,
            media=dict(options)["Color"].index(chosen["Color"]) if "Color" in chosen else None,
            continues=continues,
            cents=cents,
            compare_at_cents=_price(cents * percent_before // 100) if on_sale else None,
            on_hand=0 if random.random() < 0.12 else random.randint(1, 120),
        )


def _combinations(options: Options) -> Iterator[tuple[str, ...]]:
    return product(*(values for _, values in options)) if options else iter([(DEFAULT_OPTION_VALUE,)])


def _price(cents: int) -> int:
    """The nearest amount that looks like a price: 18.99, 42.50, 129.00."""
    units = max(cents // 100, 1)
    if units >= 200:
        return units // 10 * 1000 + 900
    if units >= 100:
        return units * 100
    return units * 100 + (99, 95, 50)[units % 3]


def _barcode(number: int) -> str:
    """An EAN-13 of the range that is free for use within a shop (prefix 2)."""
    digits = f"2{number:011d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _description(random: Random, kind: Kind, *, series: str, noun: str, vendor: str, material: str) -> str:
    words = {
        "series": series,
        "noun": noun,
        "noun_lower": noun.lower(),
        "vendor": vendor.replace("&", "&amp;"),
        "material": material,
        "material_lower": material.lower(),
        "use": kind.use,
        "use_or_days": kind.use if kind.use.endswith("s") else "any day of the week",
    }
    sentences = (random.choice(OPENINGS), random.choice(MIDDLES), *random.sample(ENDINGS, random.randint(1, 2)))
    return f"<p>{' '.join(sentence.format_map(words) for sentence in sentences)}</p>"
