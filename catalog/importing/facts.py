"""What one row of a table says, by what its columns are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from catalog.importing.tables import Row
from catalog.importing.values import codes, lists, measures, words
from catalog.importing.values.misread import Misread
from catalog.importing.values.money import CURRENCIES, ambiguous_symbol, money, number
from catalog.interchange.html import html_to_text, looks_like_html
from catalog.interchange.records import PhotoRecord, Problem

KEEP, IGNORE, KEY = "keep", "ignore", "key"
ATTRIBUTE, VARIANT_ATTRIBUTE = "attribute.", "variant_attribute."
MONEY = frozenset(
    {"variant.price", "variant.sale_price", "variant.compare_at_price", "variant.cost"}
)
# Whose numbers have a decimal mark that is decided by the column.
_WEIGHT_UNITS = {
    f"variant.weight_{name}": unit
    for name, unit in (("grams", "g"), ("kg", "kg"), ("lb", "lb"), ("oz", "oz"))
}
MARKED = MONEY | set(_WEIGHT_UNITS)
# Targets that differ in how a cell is written, and not in what it says.
_SAME = {
    "product.description_html": "description",
    **dict.fromkeys(_WEIGHT_UNITS, "weight_grams"),
}
_NUMBER = re.compile(r"\d")
_NAMED, _PHOTOS = "named", "photos"
_PLACES = {
    "product": "product",
    "variant": "variant",
    "attribute": "attributes",
    "variant_attribute": "variant_attributes",
    "photo": _PHOTOS,
}
_BREAKS = re.compile(r"[ \t]*[\t\r\n\v\f]+[ \t]*")
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_MAX_ADDRESS = 500


@dataclass
class Facts:
    """What a row says. `product`, `variant` and the attributes have None where a cell is blank.

    `variant` may have `sale_price`, `stock`, `oversell` and `parent` beside a variant's columns.
    """

    number: int
    refused: bool = False
    key: str = ""
    product: dict[str, Any] = field(default_factory=dict)
    variant: dict[str, str | None] = field(default_factory=dict)
    attributes: dict[str, list[str] | None] = field(default_factory=dict)
    variant_attributes: dict[str, list[str] | None] = field(default_factory=dict)
    photos: list[PhotoRecord] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)
    photo_of_variant: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    # What is about the row itself, before it has its place.
    named: dict[str, str | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def has_variant(self) -> bool:
        """Whether the row speaks of something that is sold, rather than of a photo alone."""
        return any(self.variant.values()) or any(self.variant_attributes.values())


class _Column(NamedTuple):
    """Where the values of a column go: which part of the facts, under which name."""

    target: str
    place: str
    name: str
    is_kept: bool


Split = Callable[[str], list[str]]


def whole(text: str) -> list[str]:
    return [text]


@dataclass(frozen=True)
class Splits:
    """How several values in one cell are told apart."""

    values: Split = lists.values
    tags: Split = lists.tags
    photos: Split = lists.photos
    category: Split = whole
    # Targets whose cells are one value each, whatever is in them.
    undivided: frozenset[str] = frozenset()


class FactReader:
    """Reads rows by what each column is; `marks` are the decimal marks of columns with numbers."""

    def __init__(
        self,
        mapping: Mapping[str, str],
        marks: Mapping[str, str],
        *,
        splits: Splits | None = None,
        always_kept: Iterable[str] = (),
    ) -> None:
        self._mapping = mapping
        self._marks = marks
        self._splits = splits or Splits()
        self._always_kept = frozenset(always_kept)
        self._headers = {mapping[header]: header for header in reversed(list(mapping))}
        self._said: set[tuple[str, str]] = set()
        self._columns: dict[str, _Column] = {}

    def header(self, target: str) -> str:
        """The first column that is this, for messages."""
        return self._headers.get(target, "")

    def facts(self, row: Row) -> Facts:
        facts = Facts(row.number, refused=row.is_refused, problems=list(row.problems))
        photos: dict[str, list[str]] = {}
        for header, text in row.cells.items():
            column = self._columns.get(header) or self._plan(header)
            blank = not text or text.isspace()
            if column.place == _PHOTOS:
                if not blank:
                    photos.setdefault(column.name, []).append(text)
                continue
            if column.is_kept and not blank:
                facts.extra[header] = text
            if blank and column.place:
                getattr(facts, column.place).setdefault(column.name, None)
            elif column.place:
                self._read(facts, header, column, text)
        self._read_photos(facts, photos)
        facts.key = facts.named.get(KEY) or ""
        facts.photo_of_variant = facts.named.get("of_variant") or ""
        return _only_named(facts, row) if facts.refused else facts

    def _plan(self, header: str) -> _Column:
        """What becomes of a column's cells. What nobody has said anything of is kept."""
        target = self._mapping.get(header, KEEP)
        group, _, name = target.partition(".")
        place = _NAMED if target in {KEY, "photo.of_variant"} else _PLACES.get(group, "")
        name = _SAME.get(target, name) or target
        is_kept = header in self._always_kept or (not place and target != IGNORE)
        column = _Column(
            target, place, "of_variant" if place == _NAMED and name != KEY else name, is_kept
        )
        return self._columns.setdefault(header, column)

    def _read(self, facts: Facts, header: str, column: _Column, text: str) -> None:
        try:
            value = self._value(facts, header, column.target, text.strip())
        except Misread as misread:
            facts.problems.append(Problem(facts.number, header, str(misread), "warning"))
            facts.extra[header] = text
            return
        place = getattr(facts, column.place)
        if place.get(column.name) is None:
            place[column.name] = value
        elif value != place[column.name]:
            # Another column has said another value already.
            facts.extra[header] = text

    def _value(self, facts: Facts, header: str, target: str, text: str) -> Any:
        if target in MONEY:
            return self._money(facts, header, text)
        if target in _WEIGHT_UNITS:
            return measures.grams(text, _WEIGHT_UNITS[target], self._marks.get(header, ""))
        if target == "product.description_html":
            if looks_like_html(text):
                facts.extra[header] = text
            return html_to_text(text) or None
        return (self._split(target) or _READERS.get(target, _text))(text)

    def _split(self, target: str) -> Split | None:
        if target == "attribute.category":
            return self._splits.category
        if target in self._splits.undivided:
            return whole
        if target.startswith((ATTRIBUTE, VARIANT_ATTRIBUTE)):
            return self._splits.values
        return self._splits.tags if target == "product.tags" else None

    def _money(self, facts: Facts, header: str, text: str) -> str:
        amount = money(text, self._marks.get(header, ""))
        if amount.in_doubt:
            facts.problems.append(Problem(facts.number, header, amount.in_doubt, "warning"))
        if amount.currency:
            facts.variant["currency"] = facts.variant.get("currency") or amount.currency
        elif sign := ambiguous_symbol(text):
            message = f"“{sign}” is the sign of several currencies. The catalogue's own was taken."
            self._note_once(facts, header, message)
        return amount.amount

    def _note_once(self, facts: Facts, header: str, message: str) -> None:
        if (header, message) not in self._said:
            self._said.add((header, message))
            facts.problems.append(Problem(facts.number, header, message, "note"))

    def _read_photos(self, facts: Facts, cells: Mapping[str, list[str]]) -> None:
        sources = [
            source
            for cell in cells.get("source", ())
            for source in map(_source, self._splits.photos(cell))
            if self._is_source(facts, source)
        ]
        alt_texts = cells.get("alt_text", [])
        if len(sources) > 1 and len(alt_texts) == 1:
            alt_texts = alt_texts[0].split("|")
        roles, variants = cells.get("role", []), cells.get("variant", [])
        for index, source in enumerate(sources):
            facts.photos.append(
                PhotoRecord(
                    source=source,
                    alt_text=alt_texts[index].strip() if index < len(alt_texts) else None,
                    role=roles[index].strip().casefold() if index < len(roles) else "",
                    variant=variants[index].strip() if index < len(variants) else "",
                )
            )
        facts.positions = [position.strip() for position in cells.get("position", [])]

    def _is_source(self, facts: Facts, source: str) -> bool:
        if _ADDRESS.fullmatch(source) or ":" not in source:
            return True
        message = (
            f"“{source[:80]}” is neither an address, which begins with https://, nor the name of a file. "
            "The photo was left out."
        )
        problem = Problem(facts.number, self.header("photo.source"), message, "warning")
        facts.problems.append(problem)
        return False


def _source(text: str) -> str:
    """An address without a scheme is one of the web."""
    return f"https:{text}" if text.startswith("//") else text


def _only_named(facts: Facts, row: Row) -> Facts:
    """A row whose cells cannot be trusted, with no more than what tells whose it most likely is."""
    named = Facts(row.number, refused=True, key=facts.key, problems=list(row.problems))
    named.product["handle"] = facts.product.get("handle")
    return named


def _text(text: str) -> str:
    return text


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text)


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text) or len(text) > _MAX_ADDRESS:
        raise Misread(
            f"“{text[:60]}” is no web address. Write one such as https://example.com/mug."
        )
    return text


def _count(text: str) -> str:
    try:
        amount, _ = number(text)
    except Misread:
        amount = None
    if amount is None or not _NUMBER.search(text):
        raise Misread(f"“{text[:40]}” is no number of pieces. Write a number such as 12.")
    return f"{amount:f}"


def _currency(text: str) -> str:
    code = text.upper()
    if code not in CURRENCIES:
        raise Misread(f"“{text[:20]}” is no currency. Write a code such as EUR.")
    return code


_READERS: dict[str, Callable[[str], Any]] = {
    "product.title": _line,
    "product.handle": _line,
    "product.brand": _line,
    "product.product_url": _address,
    "product.status": words.status,
    "variant.sku": codes.sku,
    "variant.parent": codes.sku,
    "variant.gtin": codes.gtin,
    "variant.mpn": codes.sku,
    "variant.currency": _currency,
    "variant.stock": _count,
    "variant.availability": words.availability,
    "variant.condition": words.condition,
    **{f"variant.option{n}_{part}": _line for n in (1, 2, 3) for part in ("name", "value")},
}
