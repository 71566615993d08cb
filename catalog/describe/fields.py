"""Which fields of a product can be described by themselves."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from catalog.describe import vocabulary
from catalog.describe.schema import PARTS, PHOTO_TEXT

# Those that every vocabulary has.
OWN = tuple(name for name in PARTS if name != PHOTO_TEXT)


def choosable() -> list[str]:
    """The fields that a person may choose among: texts, category, then the attributes in order."""
    return [*OWN, *vocabulary.current().attributes]


def chosen_of(fields: Iterable[str]) -> list[str]:
    """The chosen fields in the order of `choosable`, none where all are chosen.

    Raises ValidationError for what is no field that could be described.
    """
    wanted, known = set(fields), choosable()
    unknown = sorted(wanted.difference(known))
    if unknown:
        raise ValidationError(
            {"fields": [f"There is no field {name!r} to describe." for name in unknown]}
        )
    return [] if wanted == set(known) else [name for name in known if name in wanted]
