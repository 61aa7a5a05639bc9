"""Scalars of the graph: exact numbers, instants and codes, all of them strings on the wire."""

import re
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

Long = NewType("Long", int)
CurrencyCode = NewType("CurrencyCode", str)
CountryCode = NewType("CountryCode", str)
LocaleCode = NewType("LocaleCode", str)
DecimalString = NewType("DecimalString", str)

_LONGEST_NUMBER = 40
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# RFC 3339, section 5.6: date, time and offset, none of which may be left out.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} is written as a string.")
    return value


def _parse_long(value: object) -> Long:
    text = _text(value, "A Long")
    if not re.fullmatch(r"-?\d{1,19}", text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError("A Long is a 64-bit integer in a string.")
    return Long(int(text))


def _parse_decimal(value: object) -> DecimalString:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value, "A Decimal")
    # What a float would make of it is never asked: "12.30" stays what it is.
    if len(text) > _LONGEST_NUMBER or not _DECIMAL.fullmatch(text):
        raise ValueError('A Decimal is an exact number in a string, like "12.30".')
    return DecimalString(text)


def _matching(pattern: str, message: str) -> Any:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(message)
        return value

    return parse


def _serialize_instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _parse_instant(value: object) -> datetime:
    try:
        text = _text(value, "A DateTime")
        if not _INSTANT.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError('A DateTime is written as RFC 3339 says, like "2026-11-22T10:00:00Z".') from None


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant as RFC 3339 writes it, in UTC: `2026-11-22T10:00:00Z`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_serialize_instant,
        parse_value=_parse_instant,
    ),
    DecimalString: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number in a string: `"12.30"`. Never a float.',
        serialize=str,
        parse_value=_parse_decimal,
    ),
    Long: strawberry.scalar(
        name="Long",
        description='A 64-bit integer in a string: `"1230"`.',
        serialize=str,
        parse_value=_parse_long,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description="A currency by its code in ISO 4217: `EUR`.",
        specified_by_url="https://www.iso.org/iso-4217-currency-codes.html",
        serialize=str,
        parse_value=_matching(r"[A-Z]{3}", "A CurrencyCode is three capital letters, like EUR."),
    ),
    CountryCode: strawberry.scalar(
        name="CountryCode",
        description="A country by its code in ISO 3166-1 alpha-2: `FR`.",
        specified_by_url="https://www.iso.org/iso-3166-country-codes.html",
        serialize=str,
        parse_value=_matching(r"[A-Z]{2}", "A CountryCode is two capital letters, like FR."),
    ),
    LocaleCode: strawberry.scalar(
        name="LocaleCode",
        description="A language, and where it matters a region, as BCP 47 writes it: `en`, `pt-BR`.",
        specified_by_url="https://www.rfc-editor.org/info/bcp47",
        serialize=str,
        parse_value=_matching(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}", "A LocaleCode looks like en or pt-BR."),
    ),
}
