"""A competitor file as rows to keep, and what is wrong with it row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from tools.competitors import cells
from tools.competitors.cells import CellError, Convention
from tools.competitors.columns import FIELDS, Columns, guessed
from tools.competitors.tables import MAX_CELL, Table, read_table
from tools.models.competitors import MAX_BRAND, MAX_SELLER, MAX_TITLE, MAX_URL

# More than this nobody reads; how many there are in all is said.
MAX_PROBLEMS = 500
NAMELESS = "It has neither a title nor a GTIN."
TOO_WIDE = "It has more cells than there are headings: put text that holds the delimiter in quotes."
NO_COLUMNS = (
    "No column is a title or a GTIN. Name one “title” or “gtin”; “price”, “currency”, “brand”, "
    "“seller”, “date”, “url” and “claims” are known too, and all others are attributes."
)


@dataclass(frozen=True)
class Problem:
    """What is wrong in a row; `left_out` says that the row as a whole is."""

    row: int
    field: str
    message: str
    left_out: bool = False

    def json(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "field": self.field,
            "message": self.message,
            "left_out": self.left_out,
        }


@dataclass
class Offer:
    """One row that is kept; fields as in `CompetitorRow`."""

    number: int
    currency: str
    title: str = ""
    brand: str = ""
    gtin: str = ""
    price: Decimal | None = None
    url: str = ""
    claims: str = ""
    seller: str = ""
    seen_on: date | None = None
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class Reading:
    """What is in a file. `columns` are the fields by heading, for people to check."""

    offers: list[Offer] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    attribute_columns: list[str] = field(default_factory=list)
    assumed_currency: int = 0


def read_offers(data: bytes, *, currency: str, latest: date) -> Reading:
    """The offers in a file; a row without a currency has this one, none is seen after `latest`.

    Raises ValidationError where the file as a whole cannot be used.
    """
    table = read_table(data)
    columns = guessed(table.headings)
    if not columns.at.keys() & {"title", "gtin"}:
        raise ValidationError(NO_COLUMNS)
    reading = Reading(
        columns={name: table.headings[columns.at[name]] for name in FIELDS if name in columns.at},
        attribute_columns=list(columns.others.values()),
    )
    reader = _Reader(table, columns, currency, latest, reading)
    seen: dict[tuple[Any, ...], int] = {}
    for number, row in table.rows:
        offer = reader.offer(number, row)
        if offer is None:
            continue
        same = (offer.title, offer.gtin, offer.seller, offer.price, offer.currency, offer.seen_on)
        first = seen.setdefault(same, number)
        if first != number:
            message = f"It says the same as row {first}."
            reading.problems.append(Problem(number, "", message, left_out=True))
            continue
        reading.offers.append(offer)
    if not reading.offers:
        said = f" {reading.problems[0].message}" if reading.problems else ""
        raise ValidationError(f"The file has no row that can be used.{said}")
    return reading


class _Reader:
    """Reads rows one after the other; what a cell does not say is noted and left empty."""

    def __init__(
        self, table: Table, columns: Columns, currency: str, latest: date, reading: Reading
    ) -> None:
        self._columns, self._default, self._latest = columns, currency, latest
        self._cut, self._width = table.cut, len(table.headings)
        self._problems = reading.problems
        self._reading = reading
        at = columns.at.get("price")
        prices = [] if at is None else [row[at] for _, row in table.rows if at < len(row)]
        self._convention: Convention = cells.convention_of(prices)

    def offer(self, number: int, row: Sequence[str]) -> Offer | None:
        """The row's offer; None for one that is left out."""
        if any(row[self._width :]):
            self._problems.append(Problem(number, "", TOO_WIDE, left_out=True))
            return None
        said = {name: row[index] for name, index in self._columns.at.items() if index < len(row)}
        if number in self._cut:
            message = f"A text was cut off after {MAX_CELL:,} characters."
            self._problems.append(Problem(number, "", message))
        offer = Offer(
            number=number,
            currency="",
            title=self._line(number, said, "title", MAX_TITLE),
            brand=self._line(number, said, "brand", MAX_BRAND),
            url=self._line(number, said, "url", MAX_URL),
            seller=self._line(number, said, "seller", MAX_SELLER),
            claims=said.get("claims", ""),
        )
        if said.get("gtin"):
            offer.gtin = self._try(number, "gtin", cells.gtin, said["gtin"]) or ""
        if not offer.title and not offer.gtin:
            self._problems.append(Problem(number, "title", NAMELESS, left_out=True))
            return None
        if said.get("seen_on"):
            offer.seen_on = self._try(
                number, "date", partial(cells.day, latest=self._latest), said["seen_on"]
            )
        offer.attributes = self._attributes(number, said.get("attributes", ""), row)
        self._money(offer, said)
        return offer

    def _line(self, number: int, said: dict[str, str], name: str, most: int) -> str:
        text = " ".join(said.get(name, "").split())
        if len(text) > most:
            message = f"It was cut off after {most} characters."
            self._problems.append(Problem(number, name, message))
        return text[:most].rstrip()

    def _try(self, number: int, name: str, read: Any, text: str) -> Any:
        try:
            return read(text)
        except CellError as error:
            self._problems.append(Problem(number, name, str(error)))
            return None

    def _attributes(self, number: int, text: str, row: Sequence[str]) -> dict[str, str]:
        found = (self._try(number, "attributes", cells.attributes, text) or {}) if text else {}
        for index, name in self._columns.others.items():
            value = " ".join(row[index].split())[: cells.MAX_VALUE] if index < len(row) else ""
            if value:
                found[name] = value
        return dict(list(found.items())[: cells.MAX_ATTRIBUTES])

    def _money(self, offer: Offer, said: dict[str, str]) -> None:
        """Price and currency. A price whose currency is in doubt is none."""
        offer.currency = self._default
        text = said.get("price", "")
        if not text:
            return
        read_price = partial(cells.price, convention=self._convention)
        price = self._try(offer.number, "price", read_price, text)
        named = self._columns.currency
        for read, cell in (
            (cells.currency_code, said.get("currency", "")),
            (cells.currency, text),
        ):
            found = self._try(offer.number, "currency", partial(read, default=self._default), cell)
            if found is None:
                return
            if found:
                named = found
                break
        if price is not None and not named:
            self._reading.assumed_currency += 1
        offer.price, offer.currency = price, named or self._default
