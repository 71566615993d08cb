"""Global Trade Item Numbers: what is wrong with one, and when two are the same.

The check digit is python-stdnum's. What it does not know is written here: which numbers GS1 gives
to nobody's goods, and what a person is to do about a wrong one.
"""

from __future__ import annotations

import re

from stdnum import ean, isbn, issn
from stdnum.exceptions import ValidationError as NumberError

LENGTHS = (8, 12, 13, 14)
LONGEST = 14
UPC = 12
OLD_ISBN = 10
SHORT = 8
# By how a number starts once it is written with 13 digits: who uses it, and so not the goods.
_RESERVED = (
    ("02", "is kept for goods that a shop weighs or numbers itself"),
    ("04", "is kept for numbers that a shop gives itself"),
    ("05", "is kept for coupons"),
    ("2", "is kept for numbers that a shop gives itself"),
    ("952", "is kept for examples and demonstrations"),
    ("98", "is kept for coupons and refunds"),
    ("99", "is kept for coupons"),
)
_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
_COUNTED = "1234567890123"


def gtin_problem(text: str) -> str:
    """What is wrong with a GTIN and what to do, in one or two sentences; "" for a good one.

    An empty text is no GTIN at all, and nothing is wrong with that.
    """
    written = text.strip()
    if not written:
        return ""
    digits = ean.compact(written)
    is_issn = "-" in written and issn.is_valid(written)
    if is_issn or not (digits.isascii() and digits.isdigit()):
        return _not_digits(written)
    if not digits.strip("0"):
        return "All zeros is a placeholder: leave the GTIN empty where there is none."
    if len(digits) not in LENGTHS:
        return _wrong_length(digits)
    return _short_upc(digits) or _reserved(digits) or _placeholder(digits) or _check_digit(digits)


def gtin_key(text: str) -> str:
    """A GTIN as 14 digits, however long it is written; "" for what is none."""
    return "" if not text.strip() or gtin_problem(text) else ean.compact(text).zfill(LONGEST)


def _not_digits(written: str) -> str:
    if _SCIENTIFIC.fullmatch(written):
        return (
            f"“{written}” was shortened by a spreadsheet and its last digits are lost: take them "
            "from the barcode, and format the column as text."
        )
    if isbn.isbn_type(written) == "ISBN10":
        return f"That is an ISBN-10: write it as {isbn.to_isbn13(isbn.compact(written))}."
    if issn.is_valid(written):
        return f"That is an ISSN: write it as {issn.to_ean(written)}."
    return "A GTIN has digits only: take the number below the barcode."


def _wrong_length(digits: str) -> str:
    said = f"It has {len(digits)} digit{'' if len(digits) == 1 else 's'}, a GTIN 8, 12, 13 or 14"
    if len(digits) == OLD_ISBN and isbn.is_valid(digits):
        return f"That is an ISBN-10: write it as {isbn.to_isbn13(digits)}."
    for length in LENGTHS[1:]:
        padded = digits.zfill(length)
        if len(digits) < length and len(digits) > SHORT and not gtin_problem(padded):
            return f"{said}: zeros in front were lost, perhaps. {padded} would be right."
    return f"{said}: take all of the number below the barcode."


def _reserved(digits: str) -> str:
    """Whether GS1 keeps the number for something that is not sold everywhere."""
    if len(digits) == SHORT or digits.zfill(LONGEST).startswith("0" * (LONGEST - SHORT)):
        if digits[-SHORT] == "2":
            return _kept("2", "is kept for numbers that a shop gives itself")
        return ""
    # What stands before the 13 digits says how many are packed together.
    thirteen = digits.zfill(LONGEST)[1:]
    for prefix, what in _RESERVED:
        if thirteen.startswith(prefix):
            # A UPC is written without the zero in front.
            shown = prefix[1:] if len(digits) == UPC else prefix
            return _kept(shown, what)
    return ""


def _kept(start: str, what: str) -> str:
    return (
        f"A number that starts with {start} {what}: take the manufacturer's own, or leave it empty."
    )


def _placeholder(digits: str) -> str:
    body = digits.lstrip("0")[:-1]
    if len(set(body)) == 1 or _COUNTED.startswith(body):
        return f"{digits} is a placeholder, not a product's number: leave it empty."
    return ""


def _check_digit(digits: str) -> str:
    right = ean.calc_check_digit(digits[:-1])
    if right == digits[-1]:
        return ""
    return (
        f"The check digit of {digits} should be {right}, not {digits[-1]}: compare all digits with "
        "the barcode."
    )


def _short_upc(digits: str) -> str:
    """Eight digits with a zero in front are a UPC-E, which channels want written out."""
    if len(digits) != SHORT or not digits.startswith("0"):
        return ""
    try:
        return f"That is a UPC-E: write it out as {ean.validate(_written_out(digits))}."
    except NumberError:
        return (
            "Eight digits that start with 0 are a UPC-E, and this one's check digit is wrong: "
            "compare it with the barcode, and write it out with 12 digits."
        )


def _written_out(digits: str) -> str:
    """A UPC-E as the UPC that it stands for."""
    body, last, check = digits[1:6], digits[6], digits[7]
    if last in "012":
        middle = f"{body[:2]}{last}0000{body[2:]}"
    elif last == "3":
        middle = f"{body[:3]}00000{body[3:]}"
    elif last == "4":
        middle = f"{body[:4]}00000{body[4:]}"
    else:
        middle = f"{body}0000{last}"
    return f"{digits[0]}{middle}{check}"
