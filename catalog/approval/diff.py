"""How two contents of a product differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from catalog.approval.content import (
    FIELDS,
    PHOTO_FIELDS,
    VARIANT_FIELDS,
    Content,
    attribute_values,
)

Part = Literal["product", "variant", "attribute", "photo"]
ORDER = "order"
# More comparisons of words than this take longer than anybody waits for a page.
MAX_COMPARISONS = 4_000_000
_WORDS = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was.

    `name` is the field or attribute; empty for a variant or photo that came or went as a whole,
    which is then `before` or `after`. `id` is the variant's or photo's, None for the product's own.
    """

    part: Part
    name: str
    before: Any
    after: Any
    id: int | None = None
    label: str = ""
    locale: str = ""


def changes(old: Content, new: Content) -> list[Change]:
    """What is different in `new`; empty exactly where a shopper sees no difference."""
    return [
        *_fields(old, new),
        *_rows("variant", old["variants"], new["variants"], "id", VARIANT_FIELDS),
        *_attributes(old, new),
        *_rows("photo", old["photos"], new["photos"], "photo", PHOTO_FIELDS),
    ]


def _fields(old: Content, new: Content) -> Iterator[Change]:
    for name in FIELDS:
        if old[name] != new[name]:
            yield Change("product", name, old[name], new[name])


def _rows(
    part: Part, old: Sequence[dict], new: Sequence[dict], key: str, names: Sequence[str]
) -> Iterator[Change]:
    before, after = ({row[key]: row for row in rows} for rows in (old, new))
    for pk, row in before.items():
        if pk not in after:
            yield Change(part, "", row, None, id=pk, label=label(part, row))
            continue
        for name in names:
            if row[name] != after[pk][name]:
                yield Change(part, name, row[name], after[pk][name], pk, label(part, after[pk]))
    for pk, row in after.items():
        if pk not in before:
            yield Change(part, "", None, row, id=pk, label=label(part, row))
    orders = [
        [pk for pk in one if pk in other] for one, other in ((before, after), (after, before))
    ]
    if orders[0] != orders[1]:
        yield Change(part, ORDER, orders[0], orders[1])


def _attributes(old: Content, new: Content) -> Iterator[Change]:
    before, after = attribute_values(old), attribute_values(new)
    names = {row["id"]: label("variant", row) for row in (*old["variants"], *new["variants"])}
    ordered = sorted({*before, *after}, key=lambda place: (place[0] or 0, *place[1:]))
    for place in ordered:
        was, now = before.get(place), after.get(place)
        # What one of them says of a variant may be just what the other says of the product.
        if was != now or (place in before) != (place in after):
            variant, field, locale = place
            of = names.get(variant, "") if variant is not None else ""
            yield Change("attribute", field, was, now, id=variant, label=of, locale=locale)


def label(part: Part, row: dict) -> str:
    """What a variant or a photo of a content is called."""
    if part == "photo":
        return row["alt_text"] or row["name"] or "photo"
    options = [row[f"option{n}_value"] for n in (1, 2, 3) if row[f"option{n}_value"]]
    return " / ".join(options) or row["sku"] or "the variant"


def word_changes(before: str, after: str) -> list[tuple[Literal["same", "gone", "new"], str]]:
    """Two texts as one: stretches that stayed, went and came, in the order in which one reads them."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) * len(new) > MAX_COMPARISONS:
        return [("gone", before), ("new", after)]
    told: list[tuple[Literal["same", "gone", "new"], str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            told.append(("same", "".join(old[i1:i2])))
            continue
        if i1 != i2:
            told.append(("gone", "".join(old[i1:i2])))
        if j1 != j2:
            told.append(("new", "".join(new[j1:j2])))
    return told
