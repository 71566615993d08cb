"""Amounts of money in the writings of many countries.

Which of comma and point is the decimal mark is decided for a whole column: by its cells that leave
no doubt ("1.299,00", "12,50", "12.5"). Where none of them tells, a single mark before exactly three
digits is in doubt ("1,299", "1.299"): a comma is then taken to part thousands, and a point to be
the decimal mark, as programs write it; whoever reads the file is told so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from catalog.importing.values.misread import Misread
from catalog.money import money_text

COMMA, POINT = ",", "."
_SYMBOLS = dict(
    re.findall(
        r"(\S+)=(\S+)",
        "€=EUR £=GBP ₹=INR ₽=RUB ₺=TRY ₩=KRW ₪=ILS ₫=VND ฿=THB ₴=UAH ₦=NGN ₱=PHP zł=PLN Kč=CZK Ft=HUF "
        "лв=BGN US$=USD C$=CAD CA$=CAD A$=AUD AU$=AUD NZ$=NZD HK$=HKD R$=BRL S$=SGD MX$=MXN SFr=CHF "
        "SFr.=CHF Fr.=CHF",
    )
)
# Several currencies are written so; a cell that has one of them names none.
_AMBIGUOUS = frozenset({"$", "¥", "kr", "kr.", "Kr", "KR"})
_PASSED_OVER = frozenset({".", "-", "–", "/", "ca.", "from", "ab", "inkl.", "incl."})
CURRENCIES = frozenset(
    re.findall(
        r"[A-Z]{3}",
        "AED ALL AMD ARS AUD AZN BAM BGN BHD BRL CAD CHF CLP CNY COP CRC CZK DKK DOP DZD EGP EUR GBP "
        "GEL GHS HKD HUF IDR ILS INR ISK JOD JPY KES KRW KWD KZT LBP MAD MDL MKD MXN MYR NGN NOK NZD "
        "OMR PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD UAH USD UYU VND XAF XOF ZAR",
    )
)
_AMOUNT = re.compile(
    r"[-+\u2212]?\s*\d(?:[\d.,'\u2019\s\xa0\u202f]*\d)?(?:[.,][-\u2013\u2014]{1,2})?|[.,]\d+"
)
# As programs write it; nearly all cells are, and need no more than this.
_PLAIN = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,2})?")
_EXPONENT = re.compile(r"\d(?:[.,]\d+)?[eE][+-]?\d+")
_SPACES = re.compile(r"[\s\xa0\u202f'\u2019]")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:[.,]\d{3})+")
_EXAMPLE = "Write a number such as 12.50."
_GROUP = 3
_MOST_DIGITS = 10
_MOST_PLACES = 4


class Money(NamedTuple):
    """`currency` is empty where the cell names none. `in_doubt` tells how the cell was read."""

    amount: str
    currency: str = ""
    in_doubt: str = ""


def ambiguous_symbol(text: str) -> str:
    """A sign that several currencies have, where the cell names none."""
    return next((sign for sign in ("$", "¥", "kr") if sign in text.casefold()), "")


def decimal_mark(texts: Iterable[str]) -> str:
    """The decimal mark of a column, "," or "."; nothing where its cells leave it open."""
    votes = Counter(mark for text in texts if (mark := _certain_mark(_digits(text))))
    if not votes:
        return ""
    (mark, count), *others = votes.most_common(2)
    return mark if not others or count > others[0][1] else ""


def money(text: str, mark: str = "") -> Money:
    """An amount and its currency, the column's decimal mark being `mark`. Raises Misread."""
    if _PLAIN.fullmatch(text):
        return Money(money_text(Decimal(text)) or "")
    if _EXPONENT.search(text):
        raise Misread(f"“{_short(text)}” has an exponent. {_EXAMPLE}")
    found = _AMOUNT.search(text)
    if found is None:
        raise Misread(f"“{_short(text)}” is no amount. {_EXAMPLE}")
    currency = _currency(f"{text[: found.start()]} {text[found.end() :]}", text)
    amount, in_doubt = number(found[0], mark)
    if amount < 0:
        raise Misread(f"“{_short(text)}” is below zero. Write an amount of 0 or more.")
    if amount >= 10**_MOST_DIGITS:
        raise Misread(f"“{_short(text)}” is too large for a price.")
    if round(amount, _MOST_PLACES) != amount:
        raise Misread(f"“{_short(text)}” has more than {_MOST_PLACES} places after the point.")
    return Money(money_text(abs(amount)) or "", currency, in_doubt)


def number(text: str, mark: str = "") -> tuple[Decimal, str]:
    """A number in any of the writings, and how it was read if that is in doubt. Raises Misread."""
    digits = _digits(text)
    doubtful = _THOUSANDS.fullmatch(digits) and len(re.findall(r"[.,]", digits)) == 1
    in_doubt = ""
    certain = _certain_mark(digits)
    if not certain and doubtful:
        written = "," if "," in digits else "."
        certain = mark or POINT
        if not mark:
            read = "thousands" if written == COMMA else "the decimal mark"
            in_doubt = f"“{_short(text)}” could be read in two ways. Its {_NAMES[written]} was taken for {read}."
    certain = certain or mark or POINT
    other = POINT if certain == COMMA else COMMA
    plain = digits.replace(other, "").replace(certain, ".")
    try:
        return Decimal(plain), in_doubt
    except InvalidOperation as error:
        raise Misread(f"“{_short(text)}” is no number. {_EXAMPLE}") from error


_NAMES = {COMMA: "comma", POINT: "point"}


def _digits(text: str) -> str:
    """The number alone, without spaces and apostrophes, which part thousands everywhere."""
    found = _AMOUNT.search(text)
    plain = _SPACES.sub("", found[0] if found else "").replace("\u2212", "-")
    return re.sub(r"([.,])[-\u2013\u2014]{1,2}$", r"\g<1>00", plain)


def _certain_mark(digits: str) -> str:
    """The decimal mark of one number, where it leaves no doubt."""
    last = max(digits.rfind(COMMA), digits.rfind(POINT))
    if last < 0:
        return ""
    written = digits[last]
    other = POINT if written == COMMA else COMMA
    if other in digits:
        return written
    if digits.count(written) > 1:
        return other
    before = digits[:last].lstrip("+-")
    after = len(digits) - last - 1
    whole_group = after == _GROUP and 0 < len(before) <= _GROUP and before != "0"
    return "" if whole_group else written


def _currency(rest: str, text: str) -> str:
    words = [word for word in re.split(r"[\s\xa0\u202f]+", rest.strip(" \t:;/()")) if word]
    found = ""
    for word in words:
        if word.upper() in CURRENCIES:
            found = word.upper()
        elif word in _SYMBOLS:
            found = found or _SYMBOLS[word]
        elif word not in _AMBIGUOUS | _PASSED_OVER:
            raise Misread(f"“{_short(text)}” is no amount. {_EXAMPLE}")
    return found


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 -- what fits in a message
