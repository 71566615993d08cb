"""Trade item numbers and stock numbers."""

from __future__ import annotations

import re

from stdnum import ean

from catalog.importing.values.misread import Misread

_EXPONENT = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
_LENGTHS = frozenset({8, 12, 13, 14})


def gtin(text: str) -> str:
    """A GTIN as its digits. Raises Misread for what is none, or is one no more."""
    plain = re.sub(r"[\s\xa0-]", "", text).lstrip("'`’")
    plain = re.sub(r"\.0+$", "", plain)
    if _EXPONENT.fullmatch(plain):
        raise Misread(
            f"“{text}” is what a spreadsheet makes of a long number: its last digits are gone. Set the "
            "column to “Text” and paste the GTINs again, or take them from the file before it was "
            "opened there."
        )
    if not plain.isascii() or not plain.isdigit():
        raise Misread(f"“{text[:40]}” is no GTIN: it has 8, 12, 13 or 14 digits and nothing else.")
    if len(plain) not in _LENGTHS:
        missing = next((length for length in (12, 13, 14) if 0 < length - len(plain) <= 2), 0)  # noqa: PLR2004 -- zeros that spreadsheets cut
        if missing and ean.is_valid(plain.zfill(missing)):
            return plain.zfill(missing)
        raise Misread(f"“{plain[:40]}” has {len(plain)} digits; a GTIN has 8, 12, 13 or 14.")
    if not ean.is_valid(plain):
        raise Misread(
            f"“{plain}” is no GTIN: its last digit should be {ean.calc_check_digit(plain[:-1])}, by the "
            "others. Look it up on the product, or leave the cell empty."
        )
    return plain


def looks_like_gtin(text: str) -> bool:
    plain = re.sub(r"[\s-]", "", text)
    return plain.isascii() and plain.isdigit() and len(plain) in _LENGTHS and ean.is_valid(plain)


def sku(text: str) -> str:
    """A stock number. Raises Misread where a spreadsheet has broken it."""
    plain = text.strip()
    if re.fullmatch(r"\d(?:\.\d+)?E\+\d+", plain):
        raise Misread(
            f"“{plain}” is what a spreadsheet makes of a long number: its last digits are gone. Set the "
            "column to “Text” and paste the numbers again."
        )
    return plain
