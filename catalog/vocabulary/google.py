"""Google's product taxonomy with ids, a line a category: `166 - Apparel & Accessories > Clothing`.

It brings no categories, but the ids of those that are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from catalog.vocabulary.present import Present, folded
from catalog.vocabulary.source import SourceCategory, SourceVocabulary, VocabularyFileError

HEADING = "# Google_Product_Taxonomy_Version"
MAX_LINES = 50_000
LINE = re.compile(r"(\d{1,9}) - (.+)")


@dataclass(frozen=True)
class Matches:
    """Categories with the ids found for them, and paths of those that none was found for.

    `found` says what each path was matched with, in Google's words.
    """

    source: SourceVocabulary
    found: Mapping[str, str]
    unmatched: tuple[str, ...]


def google_ids(text: str, name: str) -> dict[str, str]:
    """Google's categories by id. Raises VocabularyFileError naming the line."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = LINE.fullmatch(line.strip())
        if parts is None or number > MAX_LINES:
            raise VocabularyFileError(
                f"{name}, line {number}: “{line[:80]}” is no line of Google's taxonomy with ids."
            )
        found[parts[1]] = parts[2].strip().replace("\x00", "")
    return found


def matched(ids: Mapping[str, str], present: Present) -> Matches:
    """Match categories with Google's: by name, and where several have it by what they lie in."""
    by_name: dict[str, list[tuple[str, list[str]]]] = {}
    for google_id, trail in ids.items():
        steps = folded(trail.split(" > "))
        by_name.setdefault(steps[-1], []).append((google_id, steps))
    entries, unmatched, found = [], [], {}
    for category in present.categories.values():
        if category.google_id:
            if category.google_id in ids:
                found[category.path] = ids[category.google_id]
            continue
        best = _best(by_name, category, present)
        if best is None:
            unmatched.append(category.path)
            continue
        entries.append(replace(category, google_id=best))
        found[category.path] = ids[best]
    return Matches(SourceVocabulary(tuple(entries)), found, tuple(unmatched))


def _best(
    by_name: Mapping[str, list[tuple[str, list[str]]]], category: SourceCategory, present: Present
) -> str | None:
    """The id of the only category of this name, or of the only one that also lies where it does."""
    candidates: dict[str, list[str]] = {}
    for name in folded(category.labels.values()):
        candidates.update(by_name.get(name, ()))
    if len(candidates) == 1:
        return next(iter(candidates))
    around = set(_names_above(category, present))
    fitting = [google_id for google_id, steps in candidates.items() if around & set(steps[:-1])]
    return fitting[0] if len(fitting) == 1 else None


def _names_above(category: SourceCategory, present: Present) -> Iterable[str]:
    path = category.parent
    while path:
        yield from folded(present.categories[path].labels.values())
        path = path.rpartition("/")[0]
