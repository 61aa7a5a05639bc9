"""Money: a whole number of minor units and a currency, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

# ISO 4217, list one: the currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
LARGEST_MINOR = 10**15
"""Ten trillion of a currency with cents: far above any price, and far below what a bigint sum can hold."""

_LARGEST_MAGNITUDE = 15
"""Powers of ten up to which an amount is looked at in full: computing with larger ones overflows."""
# Python's own context rounds to 28 digits and says nothing.
_EXACT = Context(prec=60, traps=[Inexact])


class InvalidAmount(ValueError):
    """An amount that is no exact sum of money in its currency; the message is fit for the client."""


def exponent(currency_code: str) -> int:
    """Digits after the decimal point of a currency (ISO 4217)."""
    return _EXPONENTS.get(currency_code, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact sum in one currency."""

    minor_units: int
    currency_code: str

    @property
    def amount(self) -> str:
        """The sum as an exact decimal: "12.30"."""
        return format_minor(self.minor_units, self.currency_code)


def format_minor(minor_units: int, currency_code: str) -> str:
    """``1230, "EUR"`` as ``"12.30"``."""
    digits = exponent(currency_code)
    if digits == 0:
        return str(minor_units)
    sign = "-" if minor_units < 0 else ""
    text = str(abs(minor_units)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}"


def parse_minor(amount: Decimal | str, currency_code: str) -> int:
    """``"12.30", "EUR"`` as ``1230``; raises `InvalidAmount` where that would not be exact."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise InvalidAmount(f"{amount!r} is not a decimal number.") from None
    if not value.is_finite():
        raise InvalidAmount("An amount must be a finite number.")
    if value and value.adjusted() > _LARGEST_MAGNITUDE:
        raise InvalidAmount("The amount is too large.")
    try:
        minor = value.scaleb(exponent(currency_code), context=_EXACT)
    except Inexact:
        minor = None
    if minor is None or minor != minor.to_integral_value():
        raise InvalidAmount(f"{currency_code} has {exponent(currency_code)} digits after the decimal point.")
    if abs(minor) > LARGEST_MINOR:
        raise InvalidAmount("The amount is too large.")
    return int(minor)
