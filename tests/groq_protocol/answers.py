"""Answers that fit a JSON schema and depend on the photos, the same for the same request."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from PIL import Image

COLOURS = {
    "black": (20, 20, 20),
    "white": (250, 250, 250),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
    "silver": (192, 192, 196),
    "red": (200, 30, 40),
    "burgundy": (110, 20, 40),
    "orange": (240, 130, 30),
    "yellow": (240, 220, 50),
    "gold": (200, 165, 60),
    "green": (40, 140, 60),
    "olive": (105, 110, 45),
    "teal": (20, 115, 120),
    "turquoise": (60, 205, 200),
    "blue": (45, 90, 200),
    "navy": (20, 30, 85),
    "purple": (120, 50, 150),
    "pink": (240, 150, 180),
    "brown": (110, 70, 40),
    "beige": (215, 195, 160),
    "cream": (245, 235, 210),
}
WORDS = (
    *("soft", "plain", "light", "fine", "classic", "everyday", "long", "slim", "sturdy", "round"),
    *("smooth", "woven", "simple", "elegant", "casual", "small", "wide", "modern"),
)
NOVELTIES = ("tweed", "jacquard", "herringbone", "seersucker", "organza", "terrazzo", "mohair")
DEEPEST = 16
LONGEST_LIST = 2
SOME_MORE = 2
SENTENCES_FROM = 200  # characters that a text may have; shorter ones are one phrase
LONGEST_TEXT = 320
LIMITS_IN_WORDS = {
    "minItems": r"at least (\d+) items",
    "maxItems": r"at most (\d+) items",
    "minLength": r"at least (\d+) characters",
    "maxLength": r"at most (\d+) characters",
    "minimum": r"at least (\d+)(?! (?:items|characters))\b",
    "maximum": r"at most (\d+)(?! (?:items|characters))\b",
}
SOURCE = re.compile(r"[\"\[]([a-z]{1,2}[0-9]{1,3})[\"\]]")
MOST_SOURCES = 6
CITING = ("cite", "cites", "source", "sources", "rests_on", "evidence")
Twist = Callable[[Mapping[str, Any], Any], Any]
"""Changes a leaf of an answer: its schema and the value that fits, to the value that is said."""


class UnreadableImageError(ValueError):
    """The bytes are no picture."""


@lru_cache(maxsize=512)
def look(data: bytes) -> tuple[tuple[int, int], tuple[int, int, int]]:
    """Width and height of a picture, and the mean colour of its middle."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            size = image.size
            image.draft("RGB", (64, 64))
            small = image.convert("RGB").resize((16, 16), Image.Resampling.BOX)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise UnreadableImageError(str(error)) from error
    middle = small.crop((4, 4, 12, 12)).resize((1, 1), Image.Resampling.BOX)
    red, green, blue = middle.tobytes()
    return size, (red, green, blue)


def colour_name(rgb: Sequence[int], offered: Sequence[str] = tuple(COLOURS)) -> str:
    """The offered colour name that is nearest; other words among the offered are passed over."""
    known = [name for name in offered if name.lower() in COLOURS]
    return min(
        known,
        key=lambda name: sum((a - b) ** 2 for a, b in zip(rgb, COLOURS[name.lower()], strict=True)),
    )


def fitting(
    schema: Mapping[str, Any],
    images: Sequence[bytes] = (),
    text: str = "",
    *,
    unsure: float = 0.0,
    twist: Twist | None = None,
) -> Any:
    """A value of the schema. `unsure` is the share of nullable values that are null."""
    return _Filler(schema, images, text, unsure, twist).value(schema, (), 0)


class _Filler:
    def __init__(
        self,
        root: Mapping[str, Any],
        images: Sequence[bytes],
        text: str,
        unsure: float,
        twist: Twist | None,
    ) -> None:
        self._root = root
        self._unsure = unsure
        self._twist = twist
        self._colour = look(images[0])[1] if images else None
        self._words = frozenset(re.findall(r"[a-z]{3,}", text.lower()))
        self._sources = sources(text)
        seeds = images or [text.encode("utf-8", "replace")]
        self._seed = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in seeds))

    def value(self, schema: Mapping[str, Any], path: tuple[str, ...], depth: int) -> Any:
        schema = self._resolved(schema, path, depth)
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return {
                name: self.value(part, (*path, name), depth + 1)
                for name, part in schema.get("properties", {}).items()
            }
        if kind == "array":
            return self._array(schema, path, depth)
        leaf = self._leaf(schema, path)
        return self._twist(schema, leaf) if self._twist else leaf

    def _number(self, path: tuple[str, ...]) -> int:
        """A number that is this place's and these photos' own."""
        digest = self._seed.copy()
        digest.update("/".join(path).encode())
        return int.from_bytes(digest.digest()[:6])

    def _resolved(
        self, schema: Mapping[str, Any], path: tuple[str, ...], depth: int
    ) -> Mapping[str, Any]:
        """The schema without references and alternatives; of those that may be null mostly not."""
        while True:
            if "$ref" in schema:
                target: Any = self._root
                for part in schema["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
                schema = {**target, **{k: v for k, v in schema.items() if k != "$ref"}}
                continue
            if "allOf" in schema:
                merged = {key: value for key, value in schema.items() if key != "allOf"}
                for part in schema["allOf"]:
                    merged |= part
                schema = merged
                continue
            options = schema.get("anyOf") or schema.get("oneOf")
            if options is None and isinstance(schema.get("type"), list):
                rest = {key: value for key, value in schema.items() if key != "type"}
                options = [
                    {"type": "null"} if kind == "null" else {**rest, "type": kind}
                    for kind in schema["type"]
                ]
            if options is None:
                return schema
            schema = self._chosen(options, path, depth)

    def _chosen(
        self, options: Sequence[Mapping[str, Any]], path: tuple[str, ...], depth: int
    ) -> Mapping[str, Any]:
        nothing = [one for one in options if one.get("type") == "null"]
        something = [one for one in options if one.get("type") != "null"]
        unsure = self._number((*path, "unsure")) % 1000 < self._unsure * 1000
        if nothing and (unsure or depth > DEEPEST or not something):
            return nothing[0]
        return something[self._number((*path, "which")) % len(something)]

    def _array(self, schema: Mapping[str, Any], path: tuple[str, ...], depth: int) -> list[Any]:
        items = self._resolved(schema.get("items", {}), path, depth)
        least, count = self._length(schema, items, self._number(path))
        count = least if depth > DEEPEST else count
        found: list[Any] = []
        for number in range(count):
            one = self.value(items, (*path, str(number)), depth + 1)
            if one not in found or number < least:
                found.append(one)
        return found

    @staticmethod
    def _length(
        schema: Mapping[str, Any], items: Mapping[str, Any], number: int
    ) -> tuple[int, int]:
        """How many items there are at least, and how many there are to be."""
        least, most = bound(schema, "minItems"), bound(schema, "maxItems")
        if least:
            # Whoever wants some gets some more than the least, but no long list.
            return least, least + number % (min(most or least, least + SOME_MORE) - least + 1)
        if "enum" in items:
            count = 1 + number % LONGEST_LIST
        elif "properties" in items and most is None:
            # Lists of objects without a limit are of exceptions, mostly.
            count = number % LONGEST_LIST + 1 if number % 8 == 0 else 0
        elif "properties" in items:
            count = 1 + number % LONGEST_LIST
        else:
            count = number % (LONGEST_LIST + 1)
        return 0, count if most is None else min(most, count)

    def _leaf(self, schema: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._term(schema["enum"], path)
        number = self._number(path)
        match schema.get("type"):
            case "boolean":
                return number % 2 == 0
            case "integer" | "number" as kind:
                return self._amount(schema, path, whole=kind == "integer")
            case "null":
                return None
            case _:
                return self._string(schema, path)

    def _term(self, terms: Sequence[Any], path: tuple[str, ...]) -> Any:
        usable = [term for term in terms if term is not None] or list(terms)
        colours = [term for term in usable if str(term).lower() in COLOURS]
        if self._colour is not None and len(colours) > 1:
            return colour_name(self._colour, colours)
        # A place in a tree is where the words of the call are, if it says any of its name.
        named = [term for term in usable if "/" in str(term) and self._is_named(str(term))]
        usable = named or usable
        return usable[self._number(path) % len(usable)]

    def _is_named(self, path: str) -> bool:
        parts = re.findall(r"[a-z]{3,}", path.rpartition("/")[2].lower())
        forms = [{part, part.removesuffix("s"), part.removesuffix("es")} for part in parts]
        return bool(forms) and all(form & self._words for form in forms)

    def _amount(self, schema: Mapping[str, Any], path: tuple[str, ...], *, whole: bool) -> float:
        sure = any("confidence" in part for part in path)
        least = schema.get("minimum", schema.get("exclusiveMinimum", bound(schema, "minimum") or 0))
        most = schema.get("maximum", schema.get("exclusiveMaximum", bound(schema, "maximum")))
        most = most if most is not None else 1 if sure else least + 100
        share = (self._number(path) % 899 + 50) / 1000
        if sure and least <= 0 and most >= 1 and not whole:
            return round(0.5 + share / 2, 2) * max(most, 1)
        if whole:
            return int(least) + int(share * (most - least) + 0.5)
        return round(least + share * (most - least), 3)

    def _string(self, schema: Mapping[str, Any], path: tuple[str, ...]) -> str:
        number = self._number(path)
        name = next((part for part in reversed(path) if not part.isdigit()), "text")
        colour = colour_name(self._colour) if self._colour is not None else "plain"
        words = [WORDS[(number >> shift) % len(WORDS)] for shift in (0, 8, 16, 24)]
        most = bound(schema, "maxLength")
        if name in CITING and self._sources:
            text = self._sources[number % len(self._sources)]
        elif name == "value":
            text = NOVELTIES[number % len(NOVELTIES)]
        elif name.startswith("desc"):
            text = f"A {colour} piece, {words[0]} and {words[1]}, with a {words[2]} look."
        else:
            text = f"{words[0]} {colour} {words[1]} {number % 1000}".capitalize()
        if most is not None and most >= SENTENCES_FROM:
            text = _sentences(text, number, min(most * 2 // 3, LONGEST_TEXT))
        text = text.ljust(bound(schema, "minLength") or 0, ".")
        return text if most is None else text[:most].rstrip() or text[:most]


def bound(schema: Mapping[str, Any], name: str) -> int | None:
    """A limit of the schema, also where strict modes have it said in the description alone."""
    if name in schema:
        return int(schema[name])
    said = re.search(LIMITS_IN_WORDS[name], str(schema.get("description", "")))
    return int(said[1]) if said else None


def sources(text: str) -> list[str]:
    """The keys of sources that stand in a prompt, as "a1" or [a1], in their order."""
    return list(dict.fromkeys(SOURCE.findall(text)))[:MOST_SOURCES]


def _sentences(first: str, number: int, length: int) -> str:
    """The first sentence and more of them, to about a length in characters."""
    text = first if first.endswith(".") else f"{first}."
    while len(text) < length:
        words = [WORDS[(number + len(text) + place * 5) % len(WORDS)] for place in range(6)]
        text += f" {' '.join(words).capitalize()}."
    return text
