"""What a cell says: a price, a GTIN, a day, attributes. Each raises `CellError` in words for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from catalog.textsearch import normalise

MOST = Decimal(10) ** 10
MAX_ATTRIBUTES = 60
MAX_NAME, MAX_VALUE = 60, 300
GTIN_LENGTHS = (8, 12, 13, 14)
EARLIEST = date(1990, 1, 1)
# Dates that name the year first are read by anybody; of the others the day comes first where dots
# stand between, as the countries write it that use them.
DAY_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%d %B %Y", "%d %b %Y", "%B %d, %Y")
_SLASHED = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$")
SIGNS = {"€": "EUR", "£": "GBP", "zł": "PLN", "₹": "INR", "₩": "KRW", "₺": "TRY", "₪": "ILS"}
# Signs that several currencies share, and which.
SHARED = {
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"}),
    "¥": frozenset({"JPY", "CNY"}),
    "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
}
# ISO 4217, as of 2026: money in use, without funds and metals.
_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP "
    "GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS "
    "KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR "
    "MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP "
    "TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
CODES = frozenset(_CODES.split())
_CODE = re.compile(r"(?<![A-Za-z])[A-Za-z]{3}(?![A-Za-z])")
_NUMBER = re.compile(r"-?\d[\d.,'’\s]*")
_WHOLE = re.compile(r"^\d{1,3}([.,])\d{3}$")
Convention = Literal[".", ",", ""]


class CellError(ValueError):
    """A cell that cannot be read; the message says why."""


def price(text: str, convention: Convention) -> Decimal:
    """The amount in a cell such as "€ 1.299,00". `convention` is the column's decimal sign.

    Raises CellError, also where "1.299" may be either and the column does not show which.
    """
    found = _NUMBER.findall(text)
    if len(found) != 1:
        raise CellError(f"“{text[:40]}” is not one price.")
    digits = re.sub(r"[\s'’]", "", found[0]).rstrip(".,")
    shape = _WHOLE.match(digits.lstrip("-"))
    if shape and not convention:
        raise CellError(f"“{text[:40]}” may be read in two ways; write it as 1299.00.")
    decimal = (convention if shape else "") or decimal_sign(digits)
    thousands = {",": ".", ".": ","}.get(decimal, ".,")
    plain = digits.translate({ord(sign): None for sign in thousands}).replace(decimal or ".", ".")
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise CellError(f"“{text[:40]}” is not a price.") from None
    if not 0 <= amount < MOST:
        raise CellError("A price is not below zero, and below ten billion.")
    return round(amount, 4)


def decimal_sign(digits: str) -> Convention:
    """The sign before the decimals, as far as this number alone shows it."""
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    if dots + commas != 1:
        return ""
    return "." if dots else ","


def convention_of(texts: Iterable[str]) -> Convention:
    """The decimal sign that a column of prices uses, "" where it does not show one.

    Where some cells say a dot and some a comma, none of them speaks for those that may be either.
    """
    seen: set[Convention] = set()
    for text in texts:
        for found in _NUMBER.findall(text)[:1]:
            digits = re.sub(r"[\s'’]", "", found).rstrip(".,").lstrip("-")
            if not _WHOLE.match(digits):
                seen.add(decimal_sign(digits))
    seen.discard("")
    return seen.pop() if len(seen) == 1 else ""


def currency(text: str, default: str) -> str:
    """The currency that a cell names by code or sign, "" if it names none.

    A sign of several currencies is the default's if that is one of them. Raises CellError.
    """
    named = [code.upper() for code in _CODE.findall(text) if code.upper() in CODES]
    if named:
        return named[0]
    for sign, name in SIGNS.items():
        if sign in text:
            return name
    for sign, names in SHARED.items():
        if sign in text.lower():
            if default in names:
                return default
            raise CellError(f"“{sign}” is the sign of several currencies; write a code as USD.")
    return ""


def currency_code(text: str, default: str) -> str:
    """As `currency`, of a cell that must name one unless it is empty. Raises CellError."""
    found = currency(text, default)
    if text.strip() and not found:
        raise CellError(f"“{text[:20]}” is not a currency; write a code as EUR.")
    return found


def gtin(text: str) -> str:
    """A GTIN as 14 digits. Raises CellError for a wrong length or check digit."""
    # Spreadsheets turn long numbers into 4.00638E+12: what is lost cannot be guessed.
    if re.fullmatch(r"\d[.,]\d+[eE]\+?\d+", text.strip()):
        raise CellError(f"“{text[:30]}” lost its digits in a spreadsheet.")
    digits = re.sub(r"[\s'’-]", "", text)
    if not (digits.isascii() and digits.isdigit()):
        raise CellError(f"“{text[:30]}” is not a GTIN.")
    if len(digits) not in GTIN_LENGTHS:
        raise CellError("A GTIN has 8, 12, 13 or 14 digits.")
    full = normalise.gtin(digits)
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(full[:-1]))
    if (10 - weighted % 10) % 10 != int(full[-1]) or not full.strip("0"):
        raise CellError(f"The check digit of “{digits}” is wrong.")
    return full


def day(text: str, *, latest: date) -> date:
    """A day. Raises CellError where it is none, cannot be told from another, or is to come."""
    text = text.strip()
    found: date | None = None
    # A time after the day says nothing about it.
    for form in (text, text.split("T")[0], text.split(" ")[0]):
        found = found or _day(form)
    if found is None:
        raise CellError(f"“{text[:30]}” is not a day; write it as 2026-05-31.")
    if not EARLIEST <= found <= latest:
        raise CellError(f"{found} is not a day on which it was seen.")
    return found


def _day(text: str) -> date | None:
    slashed = _SLASHED.match(text)
    if slashed:
        first, second, year = (int(part) for part in slashed.groups())
        if first != second and max(first, second) <= 12:  # noqa: PLR2004 -- months
            raise CellError(f"“{text}” may be two days; write it as 2026-05-31.")
        day_number, month = (first, second) if second <= 12 else (second, first)  # noqa: PLR2004
        try:
            return date(year, month, day_number)
        except ValueError:
            return None
    for form in DAY_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 -- a day has no zone
        except ValueError:
            continue
    return None


def attributes(text: str) -> dict[str, str]:
    """Attributes in one cell: a JSON object, or "material: oak; colour: red". Raises CellError."""
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise CellError("The attributes are not JSON.") from None
        pairs = [(name, _plain(value)) for name, value in found.items()]
    else:
        parts = re.split(r"[;|\n]", text)
        pairs = [(name, value) for name, sep, value in (p.partition(":") for p in parts) if sep]
        if text and not pairs:
            raise CellError("Write attributes as “material: oak; colour: red”.")
    tidy = {
        " ".join(name.split())[:MAX_NAME]: " ".join(value.split())[:MAX_VALUE]
        for name, value in pairs
    }
    return dict(list({n: v for n, v in tidy.items() if n and v}.items())[:MAX_ATTRIBUTES])


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) else ""
