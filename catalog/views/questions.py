"""A question in the search box: its reading written into the address, and told on the page.

`read` is the question whose filters the address has already, so that one which was taken away does
not come back; `literal` the question that is to be taken word for word.
"""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from catalog.models import Catalog
from catalog.search import clean_text
from catalog.search.asking import MODEL, Reading, question_ask, question_read, worth_asking
from catalog.search.query import MISSING, PRICE, Filters
from catalog.views.filters import PAGING, PREFIX, Facetting
from catalog.views.http import Request

READ, LITERAL, ASK = "read", "literal", "ask"


def read_address(catalog: Catalog, address: QueryDict) -> tuple[QueryDict, Reading | None]:
    """The address with the filters of the question in it, and what the question was read as."""
    text = clean_text(address.get("q", ""))
    before = address.get(READ, "")
    read = address.copy()
    if address.get(LITERAL) != text:
        read.pop(LITERAL, None)
    reading = None if LITERAL in read else question_read(catalog, text)
    if before and (before != text or reading is None):
        read.pop(READ)
        # The filters of a question that is not asked any more, such as of its first words.
        if gone := question_read(catalog, clean_text(before)):
            _leave_out(read, gone.filters)
    if reading is not None and READ not in read:
        _put_in(read, reading.filters)
        read[READ] = text
    return read, reading


def ask_model(catalog: Catalog, request: Request) -> bool:
    """Have the model read the question that the page asks about; whether anything came of it.

    Only for htmx, which other sites cannot imitate: it may cost money.
    """
    text = clean_text(request.GET.get("q", ""))
    reading = question_read(catalog, text) if request.htmx else None
    if reading is None or not worth_asking(reading):
        return False
    better = question_ask(catalog, reading, user_id=request.user.pk)
    return (better.words, better.filters) != (reading.words, reading.filters) or bool(better.note)


def shown(
    reading: Reading | None, address: QueryDict, facetting: Facetting, *, is_edited: bool
) -> dict[str, Any]:
    """For `catalog/_search_reading.html`: how a question was read, and the ways out of it.

    Once somebody has begun to change the filters, no model changes them any more.
    """
    text = clean_text(address.get("q", ""))
    if reading is None:
        return {"literal": text} if address.get(LITERAL) else {}
    parts = [(part.said, _meaning(part.field, part.value, facetting)) for part in reading.parts]
    plain = QueryDict(mutable=True)
    plain["q"] = plain[LITERAL] = text
    return {
        "question": text,
        "words": reading.words,
        "parts": [{"said": said, "meant": meant} for said, meant in parts],
        "by_model": reading.by == MODEL,
        "note": reading.note,
        "literal_url": f"?{plain.urlencode()}",
        "without_words_url": _without_words(address),
        "ask_url": "" if is_edited or not worth_asking(reading) else _ask_url(reading, address),
        "hidden": [(READ, text), *((MISSING, name) for name in address.getlist(MISSING))],
    }


def _meaning(field: str, value: str, facetting: Facetting) -> str:
    if field == MISSING:
        return f"without {facetting.field_label(value).lower()}"
    if field == PRICE:
        words = {">=": "from", "<=": "to"}
        bounds = [f"{words[bound[:2]]} {bound[2:]}" for bound in value.split()]
        return f"price {' '.join(bounds)}"
    labels = [facetting.label(field, one) for one in value.split(", ")]
    return f"{facetting.field_label(field).lower()} {', '.join(labels)}"


def _ask_url(reading: Reading, address: QueryDict) -> str:
    """The same search before it was read, to be read by the model."""
    asked = address.copy()
    _leave_out(asked, reading.filters)
    for name in (READ, *PAGING):
        asked.pop(name, None)
    asked[ASK] = MODEL
    return f"?{asked.urlencode()}"


def _without_words(address: QueryDict) -> str:
    """The same filters with nothing to search for."""
    left = address.copy()
    for name in ("q", READ, LITERAL, *PAGING):
        left.pop(name, None)
    return f"?{left.urlencode()}"


def _parameters(filters: Filters) -> list[tuple[str, str]]:
    parameters = [(f"{PREFIX}{name}", value) for name, values in filters.values for value in values]
    bounds = (("price_min", filters.price_gte), ("price_max", filters.price_lte))
    parameters += [(name, f"{bound:g}") for name, bound in bounds if bound is not None]
    return parameters + [(MISSING, name) for name in filters.missing]


def _put_in(address: QueryDict, filters: Filters) -> None:
    for name, value in _parameters(filters):
        if name.startswith("price"):
            address[name] = value
        elif value not in address.getlist(name):
            address.appendlist(name, value)


def _leave_out(address: QueryDict, filters: Filters) -> None:
    for name, value in _parameters(filters):
        address.setlist(name, [each for each in address.getlist(name) if each != value])
