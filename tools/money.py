"""Currencies and rounding.

Amounts are computed exactly, as fractions, and rounded once, where they are shown: half up (a half
away from zero) to the currency's minor unit. What must not be undercut is rounded up instead.
Percentages are rounded half up to one place.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

Number = Decimal | Fraction | int

# ISO 4217 has two places for all others.
_WITHOUT_MINOR = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_PLACES = {
    **dict.fromkeys(_WITHOUT_MINOR.split(), 0),
    **dict.fromkeys(_WITH_THREE.split(), 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
_USUAL_PLACES = 2
PERCENT_PLACES = 1


def places(currency: str) -> int:
    """How many decimal places the minor unit of a currency has: JPY 0, EUR 2, KWD 3."""
    return _PLACES.get(currency, _USUAL_PLACES)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency, such as Decimal("0.01")."""
    return Decimal(1).scaleb(-places(currency))


def half_up(value: Number, digits: int) -> Decimal:
    """A number to so many decimal places, halves away from zero."""
    scaled = abs(Fraction(value)) * 10**digits
    whole = floor(scaled + Fraction(1, 2))
    return Decimal(-whole if value < 0 else whole).scaleb(-digits)


def rounded(amount: Number, currency: str) -> Decimal:
    """An amount to the currency's minor unit, half up."""
    return half_up(amount, places(currency))


def rounded_up(amount: Number, currency: str) -> Decimal:
    """The least amount in whole minor units that is no less."""
    digits = places(currency)
    return Decimal(ceil(Fraction(amount) * 10**digits)).scaleb(-digits)


def percent(share: Number) -> Decimal:
    """A share of 1 as a percentage to one place: 1/3 is 33.3."""
    return half_up(Fraction(share) * 100, PERCENT_PLACES)


def number_text(amount: Number, currency: str) -> str:
    """An amount for people where its currency is named already: "1,234.50"."""
    return f"{rounded(amount, currency):,f}"


def amount_text(amount: Number, currency: str) -> str:
    """An amount for people: "EUR 1,234.50"."""
    return f"{currency} {number_text(amount, currency)}"


def percent_text(value: Decimal) -> str:
    """A percentage for people: "33.3 %", "30 %"."""
    short = value.normalize()
    return f"{short:f} %"
