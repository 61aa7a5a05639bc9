"""What a product may be: options, variants and their values, prices; pure rules that every writer shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.domain.money import InvalidAmount, parse_minor
from app.domain.refusals import InvalidInput
from app.domain.text import check_slug, check_text

DEFAULT_OPTION = "Title"
DEFAULT_OPTION_VALUE = "Default Title"
"""A product without options has one variant, with this value of this option; so Shopify has it, and its CSV files."""

LONGEST_NAME = 255
LONGEST_DESCRIPTION = 500_000
LONGEST_URL = 2_000
MOST_TAGS = 250
MOST_OPTIONS = 3
MOST_VARIANTS = 2_000
MOST_MEDIA = 250
MOST_UNITS = 1_000_000_000

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDraft:
    """A picture by its URL."""

    url: str
    alt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionDraft:
    """An option with its values in order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDraft:
    """A variant as somebody wants it; amounts are decimal texts in the channel's currency."""

    id: UUID | None = None
    options: tuple[tuple[str, str], ...] = ()
    """(name, value); empty for the only variant of a product without options."""
    sku: str | None = None
    barcode: str | None = None
    weight_grams: int | None = None
    media_url: str | None = None
    """URL of one of the product's pictures."""
    is_tracked: bool = True
    inventory_policy: str = "DENY"
    price: str | None = None
    compare_at_price: str | None = None
    on_hand: int | None = None
    """Units in the first warehouse, for a new variant."""
    metafields: Mapping[str, Any] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    """Columns of which nothing was said: an existing variant keeps what it has there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A product's own fields as somebody wants them."""

    slug: str
    name: str
    description: str | None = None
    status: str = "DRAFT"
    vendor: str | None = None
    tags: tuple[str, ...] = ()
    seo_title: str | None = None
    seo_description: str | None = None
    external_reference: str | None = None
    metafields: Mapping[str, Any] = field(default_factory=dict)


def check_product(draft: ProductDraft, *, at: Path = ("input",)) -> list[InvalidInput]:
    """What is wrong with a product's own fields; ``at`` is the path of the input that they come from."""
    problems = [
        *check_slug(draft.slug, field=(*at, "slug")),
        *check_text(draft.name, field=(*at, "name"), longest=LONGEST_NAME, required=True),
        *check_text(draft.description, field=(*at, "description"), longest=LONGEST_DESCRIPTION),
        *check_text(draft.vendor, field=(*at, "vendor"), longest=LONGEST_NAME),
        *check_text(draft.seo_title, field=(*at, "seo", "title"), longest=LONGEST_NAME),
        *check_text(draft.seo_description, field=(*at, "seo", "description"), longest=LONGEST_DESCRIPTION),
        *check_text(draft.external_reference, field=(*at, "externalReference"), longest=LONGEST_NAME),
    ]
    if len(draft.tags) > MOST_TAGS:
        problems.append(InvalidInput(message=f"At most {MOST_TAGS} tags.", field=(*at, "tags")))
    for number, tag in enumerate(draft.tags):
        problems += check_text(tag, field=(*at, "tags", str(number)), longest=LONGEST_NAME, required=True)
    return problems


def check_media(media: Sequence[MediaDraft], *, at: Path = ("input",)) -> list[InvalidInput]:
    """What is wrong with a product's pictures."""
    problems: list[InvalidInput] = []
    if len(media) > MOST_MEDIA:
        problems.append(InvalidInput(message=f"At most {MOST_MEDIA} pictures.", field=(*at, "media")))
    for number, picture in enumerate(media):
        where = (*at, "media", str(number))
        problems += check_text(picture.url, field=(*where, "url"), longest=LONGEST_URL, required=True)
        problems += check_text(picture.alt, field=(*where, "alt"), longest=LONGEST_NAME * 2)
        if not picture.url.startswith(("https://", "http://")):
            problems.append(InvalidInput(message="Must be a http or https URL.", field=(*where, "url")))
    return problems


def check_options(options: Sequence[OptionDraft], *, at: Path = ("input",)) -> list[InvalidInput]:
    """What is wrong with a product's options."""
    problems: list[InvalidInput] = []
    if len(options) > MOST_OPTIONS:
        problems.append(InvalidInput(message=f"At most {MOST_OPTIONS} options.", field=(*at, "options")))
    for number, option in enumerate(options):
        where = (*at, "options", str(number))
        problems += check_text(option.name, field=(*where, "name"), longest=LONGEST_NAME, required=True)
        if len(set(option.values)) != len(option.values):
            problems.append(InvalidInput(message="A value is given twice.", field=(*where, "values")))
        for place, value in enumerate(option.values):
            problems += check_text(value, field=(*where, "values", str(place)), longest=LONGEST_NAME, required=True)
    if len({option.name for option in options}) != len(options):
        problems.append(InvalidInput(message="Two options have the same name.", field=(*at, "options")))
    return problems


def check_variant(draft: VariantDraft, *, currency_code: str, at: Path) -> list[InvalidInput]:
    """What is wrong with a variant by itself."""
    problems = [
        *check_text(draft.sku, field=(*at, "sku"), longest=LONGEST_NAME),
        *check_text(draft.barcode, field=(*at, "barcode"), longest=LONGEST_NAME),
        *_check_number(draft.weight_grams, field=(*at, "weightGrams")),
        *_check_number(draft.on_hand, field=(*at, "onHand")),
    ]
    for amount, name in ((draft.price, "price"), (draft.compare_at_price, "compareAtPrice")):
        problems += _check_amount(amount, currency_code=currency_code, field=(*at, name))
    if draft.price is None and draft.compare_at_price is not None:
        problems.append(InvalidInput(message="Needs a price beside it.", field=(*at, "compareAtPrice")))
    return problems


def _check_number(value: int | None, *, field: Path) -> list[InvalidInput]:
    if value is None or 0 <= value <= MOST_UNITS:
        return []
    return [InvalidInput(message=f"Must be between 0 and {MOST_UNITS}.", field=field)]


def _check_amount(amount: str | None, *, currency_code: str, field: Path) -> list[InvalidInput]:
    if amount is None:
        return []
    try:
        minor = parse_minor(amount, currency_code)
    except InvalidAmount as error:
        return [InvalidInput(message=str(error), field=field)]
    return [InvalidInput(message="Must not be negative.", field=field)] if minor < 0 else []


def option_values(
    draft: VariantDraft, *, options: Sequence[str], at: Path
) -> tuple[tuple[str, ...], list[InvalidInput]]:
    """The variant's values in the order of the product's options, and what is wrong with them."""
    given = dict(draft.options) if draft.options else {DEFAULT_OPTION: DEFAULT_OPTION_VALUE}
    if set(given) != set(options) or len(draft.options) > len(given):
        message = f"Must give one value for each option of the product: {', '.join(options)}."
        return (), [InvalidInput(message=message, field=(*at, "options"))]
    values = tuple(given[name] for name in options)
    problems = [
        problem
        for value in values
        for problem in check_text(value, field=(*at, "options"), longest=LONGEST_NAME, required=True)
    ]
    return values, problems


def variant_name(values: Sequence[str]) -> str:
    """The values joined, as people read them: ``M / Blue``."""
    return " / ".join(values)


def extended_options(options: Sequence[OptionDraft], used: Sequence[tuple[str, ...]]) -> tuple[OptionDraft, ...]:
    """The options, with the values that variants use and they lack put at their ends, in the order of the variants."""
    return tuple(
        OptionDraft(
            name=option.name, values=tuple(dict.fromkeys([*option.values, *(values[place] for values in used)]))
        )
        for place, option in enumerate(options)
    )
