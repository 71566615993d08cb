"""What a question to a catalogue was understood as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from catalog.search.query import Filters

RULES, MODEL = "rules", "model"


@dataclass(frozen=True)
class Part:
    """Words of the question and the filter that was made of them.

    `field` is one that can be filtered by, "price", or "missing"; `value` what it is to have: a
    value, a bound such as "<=80", or the name of the field that is missing.
    """

    said: str
    field: str
    value: str


@dataclass(frozen=True)
class Reading:
    """A question as words to search for and filters.

    `by` is who read it. `is_whole` says that nothing was left that filters could have been made of;
    `note` what could not be done.
    """

    question: str
    words: str = ""
    filters: Filters = field(default_factory=Filters)
    parts: tuple[Part, ...] = ()
    by: str = RULES
    is_whole: bool = True
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """What the API tells of it."""
        price = {"gte": self.filters.price_gte, "lte": self.filters.price_lte}
        filters: dict[str, Any] = {name: list(texts) for name, texts in self.filters.values}
        if self.filters.has_price:
            filters["price"] = {name: bound for name, bound in price.items() if bound is not None}
        return {
            "words": self.words,
            "filters": filters,
            "missing": list(self.filters.missing),
            "by": self.by,
            "note": self.note,
            "parts": [
                {"said": part.said, "field": part.field, "value": part.value} for part in self.parts
            ],
        }
