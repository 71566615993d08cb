"""The name of a photo's file taken apart: what it is called, which of several it is, what it shows."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from catalog.importing.photo_words import GENERAL_FOLDERS, NOISE, SURE, UNSURE

MAX_COUNTER_DIGITS = 3
# A number that hangs on fewer letters is a part of the name: A4, XL2.
MIN_WORD = 3
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_CAMERA = frozenset(
    [
        "img",
        "dsc",
        "dscn",
        "dscf",
        "p",
        "pic",
        "pict",
        "mvi",
        "vid",
        "pxl",
        "gopr",
        "scan",
        "screenshot",
        "whatsapp",
    ]
)
_COPY = re.compile(r"\s*\((\d{1,4})\)$")
_ENDINGS = re.compile(
    r"[_\-. ][0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$|[_\-. ]\d{2,5}x\d{0,5}$|@\dx$",
    re.IGNORECASE,
)
# What computers call files: letters and digits without a word among them.
_DIGEST = re.compile(r"(?=\D*\d)[0-9a-f]{6,}(?:[-_][0-9a-f]{4,})*", re.IGNORECASE)
# Letters that no accent makes of others.
_PLAIN = str.maketrans("łøđæœ", "lodao")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a number of a name; `glued` to what stands before it; `end` in the name."""

    text: str
    end: int
    glued: bool

    @property
    def is_number(self) -> bool:
        return self.text.isdecimal()


def tokens_of(text: str) -> list[Token]:
    """The words and numbers, without capitals and accents."""
    found: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(text):
        found.append(Token(plain(match.group()), match.end(), match.start() == end))
        end = match.end()
    return [token for token in found if token.text]


def plain(text: str) -> str:
    """Text without capitals, accents, and other ways to write the same letters."""
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    return "".join(char for char in split if not unicodedata.combining(char))


def joined(tokens: list[Token]) -> str:
    """What names are compared by."""
    return "".join(token.text for token in tokens)


@dataclass(frozen=True)
class Peeled:
    """A name without its end: `count` tokens are left; the number that was taken off, if one was."""

    count: int
    number: int | None


class PhotoName:
    """A photo by the name of its file, with folders."""

    def __init__(self, name: str) -> None:
        self.name = name
        path = PurePosixPath(unicodedata.normalize("NFC", name.replace("\\", "/")))
        self.folders = [part for part in reversed(path.parts[:-1]) if part != "/"]
        stem = path.stem
        copy = _COPY.search(stem)
        self._copy = int(copy.group(1)) if copy else None
        if copy:
            stem = stem[: copy.start()]
        self.stem = _ENDINGS.sub("", stem) or stem
        self.tokens = tokens_of(self.stem)

    def peel(self, *, numbers: bool, unsure: bool = False) -> Peeled:
        """Without words for sides and roles at its end, and at most one number if `numbers`."""
        count, number = len(self.tokens), self._copy
        may_count = numbers and self._copy is None
        while count:
            token = self.tokens[count - 1]
            word = self._role_word(count, unsure=unsure)
            if word:
                count -= word
            elif may_count and self._is_counter(count):
                number, may_count = int(token.text), False
                count -= 1
            else:
                break
        return Peeled(count, number)

    def _role_word(self, count: int, *, unsure: bool) -> int:
        """Of how many tokens the word is that ends the first `count`; 0 where it is of the name."""
        pair = joined(self.tokens[max(0, count - 2) : count])
        if count > 1 and pair in SURE:
            return 2
        text = self.tokens[count - 1].text
        return int(text in SURE or text in NOISE or (unsure and text in UNSURE))

    def _is_counter(self, count: int) -> bool:
        token = self.tokens[count - 1]
        fits = token.is_number and len(token.text.lstrip("0")) <= MAX_COUNTER_DIGITS
        return fits and (count == 1 or self.may_end(count - 1))

    def may_end(self, count: int) -> bool:
        """Whether a word may end after the first `count` tokens, where others follow."""
        following, last = self.tokens[count], self.tokens[count - 1]
        return not following.glued or (following.is_number and len(last.text) >= MIN_WORD)

    @cached_property
    def is_numbered_only(self) -> bool:
        """Whether the name alone says nothing: 1.jpg, front.jpg, IMG_1234.jpg."""
        left = self.tokens[: self.peel(numbers=True, unsure=True).count]
        return all(token.is_number or token.text in _CAMERA for token in left)

    @cached_property
    def says_nothing(self) -> bool:
        """Whether no person has named it: also by a camera's words, or a number of letters."""
        first = self.tokens[0].text if self.tokens else ""
        return self.is_numbered_only or first in _CAMERA or bool(_DIGEST.fullmatch(self.stem))

    @property
    def folder(self) -> str:
        """The nearest folder that may be named after a product; empty where there is none."""
        for folder in self.folders:
            if any(token.text not in GENERAL_FOLDERS for token in tokens_of(folder)):
                return folder
        return ""

    def role(self, beginning: int, end: int) -> str:
        """What the tokens outside of `beginning` to `end`, which name the product, say of the photo."""
        rest = [*self.tokens[:beginning], *self.tokens[end:]]
        said = [token.text for token in rest]
        said += [joined(rest[n : n + 2]) for n in range(len(rest) - 1)]
        sure = [SURE[text] for text in said if text in SURE]
        return next(iter(sure or [UNSURE[text] for text in said if text in UNSURE]), "")

    def only_photo_words(self, beginning: int, end: int) -> bool:
        """Whether all outside of `beginning` to `end` is about the photo, and not about the product."""
        rest = [*self.tokens[:beginning], *self.tokens[end:]]
        return all(
            token.text in SURE
            or token.text in UNSURE
            or token.text in NOISE
            or (token.is_number and len(token.text) <= MAX_COUNTER_DIGITS + 1)
            for token in rest
        )


def natural(text: str) -> list:
    """A sort key by which 10 comes after 9."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d+)", text.casefold())
    ]
