"""How text becomes lexemes, the same way in products and in queries."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from catalog.models.text import MAX_WORD

# A run of letters and digits with joiners inside: "T-Shirt", "women's", "TEE-001/RED" are one
# token, which is found by its parts and by the whole.
TOKEN = re.compile(r"[^\W_]+(?:[-'\u2019./&+_][^\W_]+)*")
_APOSTROPHES = re.compile(r"['\u2019]")
# Scripts written without spaces: each sign is a word.
_SIGN = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PART = re.compile(rf"[{_SIGN}]|[^\W_{_SIGN}]+")

# Marks of lexemes that no text can produce: signs that are neither letters nor digits.
TITLE_WORD = "¶"
WHOLE_TITLE = "§"
CODE = "¤"

IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "people": "person",
}
_ES_AFTER = ("s", "x", "z", "ch", "sh", "o")
_NO_PLURAL = ("ss", "us", "is")


class Forms(NamedTuple):
    """A token's forms: its parts, the whole without joiners, and the singulars of all of these."""

    parts: tuple[str, ...]
    joined: str
    words: frozenset[str]
    singulars: frozenset[str]


def fold(text: str) -> str:
    """Text without case, accents and compatibility forms."""
    if text.isascii():
        return text.casefold()
    bare = unicodedata.normalize("NFKD", text)
    return "".join(c for c in bare if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=1 << 16)
def forms(token: str) -> Forms:
    """The forms of a token as `TOKEN` finds it."""
    parts = tuple(part[:MAX_WORD] for part in _PART.findall(_APOSTROPHES.sub("", fold(token))))
    joined = "".join(parts)[:MAX_WORD]
    words = frozenset((*parts, joined)) - {""}
    return Forms(parts, joined, words, frozenset().union(*map(singulars, words)))


def singulars(word: str) -> frozenset[str]:
    """The word and what it may be the English plural of: "vases" -> vases, vase, vas.

    Two words are forms of one another where these sets meet. A stemmer that cuts every word to one
    stem would either part "vases" from "vase" or take "caps" for "capes".
    """
    found = {word}
    if word.endswith("s") and not word.endswith(_NO_PLURAL) and len(word) > 3 and word.isascii():  # noqa: PLR2004 -- "gas", "bus"
        one = word[:-1]
        found.add(one)
        if one.endswith("e") and one[:-1].endswith(_ES_AFTER):
            found.add(one[:-1])
        if one.endswith("ie"):
            found.add(one[:-2] + "y")
        if one.endswith("ve"):
            found.update((one[:-2] + "f", one[:-2] + "fe"))
    found.update(IRREGULAR[each] for each in tuple(found) if each in IRREGULAR)
    return frozenset(found)


def key(text: str) -> str:
    """What titles and codes are compared by: letters and digits alone, at most 200."""
    return "".join(c for c in fold(text) if c.isalnum())[:200]


def code(text: str) -> str:
    """A SKU or MPN without case and spaces; its hyphens and dots count."""
    return "".join(fold(text).split())


def gtin(text: str) -> str:
    """A GTIN as 14 digits with leading zeros, or "" where it cannot be one."""
    digits = "".join(text.split()).replace("-", "")
    return digits.zfill(14) if digits.isascii() and digits.isdigit() and len(digits) <= 14 else ""  # noqa: PLR2004
