"""Imports in words: their states, figures, problems and changes."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count
from django.urls import reverse

from catalog.approval.diff import word_changes
from catalog.importing.formats import FORMATS
from catalog.interchange.records import CATEGORY, LOCALE
from catalog.models import (
    Import,
    ImportItem,
    ImportPhoto,
    ImportPhotoState,
    ImportProblem,
    ImportState,
    ItemState,
)
from catalog.views.changes import CHOICES, NAMES
from catalog.views.present import Labels

# States that change by themselves: their pages ask again.
LIVE = frozenset({ImportState.READING, ImportState.RUNNING, ImportState.UNDOING})
PILLS = {
    ImportState.MAPPING: "pending",
    ImportState.READING: "running",
    ImportState.READY: "in_review",
    ImportState.RUNNING: "running",
    ImportState.DONE: "done",
    ImportState.STOPPED: "stopped",
    ImportState.FAILED: "failed",
    ImportState.UNDOING: "running",
    ImportState.UNDONE: "archived",
}
# What is known by itself; shown to who has not brought anything yet.
KNOWN_FORMATS = (
    (
        "Shopify product export",
        "CSV, with the old and the new headings; variant rows, photo rows and metafields",
    ),
    ("WooCommerce product export", "CSV, with variations, attributes and photos"),
    ("Google Merchant feed", "TSV or XML"),
    ("An export of this site", "CSV, XLSX, JSON Lines or zip"),
    ("Any other table", "CSV, TSV or XLSX with headings: you say once what each column is"),
    (
        "Photos",
        "a zip; photos are put to products by the SKU in their name or folder: SKU-1.jpg, SKU-1_2.jpg, SKU-1/front.jpg",
    ),
)
# Of which nothing is written yet.
PLANNED = frozenset({ImportState.MAPPING, ImportState.READING, ImportState.READY})
STEPS = ("File", "Columns", "Preview", "Import")
TABLE = "table"
SEVERITIES = ("error", "warning", "note")
KINDS_SHOWN, ROWS_SHOWN = 12, 12
# Of more than so many problems the kinds are told by these alone; the report has all.
PROBLEMS_READ = 5000
TEXT_SHOWN = 300
CHANGES_OF_ITEM, VARIANTS_SHOWN = 16, 8
# Between what changes and of which variant, in what the plan says.
OF = " · "
_SPECIFIC = re.compile(r"“[^”]*”|\S*\d\S*")


def pill(source: Import) -> dict[str, str]:
    """For components/pill.html."""
    state = ImportState(source.state)
    return {"state": PILLS[state], "label": str(state.label)}


def format_label(name: str) -> str:
    """What a file of a format that is recognised is called; empty for any other table."""
    known = FORMATS.get(name)
    return known.label if known is not None and name != TABLE else ""


def steps(source: Import, here: str = "") -> list[dict[str, Any]]:
    """Where in its way an import is."""
    at = here or {
        ImportState.MAPPING: "Columns",
        ImportState.READING: "Preview",
        ImportState.READY: "Preview",
        ImportState.FAILED: "Columns",
    }.get(ImportState(source.state), "Import")
    position = STEPS.index(at)
    return [
        {"label": label, "done": n < position, "current": n == position}
        for n, label in enumerate(STEPS)
    ]


def plan(source: Import) -> dict[str, int]:
    """How many products there are in each state, by the state's name."""
    rows = ImportItem.objects.filter(source=source).order_by().values_list("state")
    counted = dict(rows.annotate(n=Count("pk")))
    return {str(state): counted.get(state, 0) for state in ItemState}


def photo_counts(source: Import) -> dict[str, int]:
    """How many photos there are in each state, and in all."""
    rows = ImportPhoto.objects.filter(origin=source).order_by().values_list("state")
    counted = dict(rows.annotate(n=Count("pk")))
    states = {str(state): counted.get(state, 0) for state in ImportPhotoState}
    return {**states, "total": sum(states.values())}


@dataclasses.dataclass
class Kind:
    """Problems of one kind: an example, how many, and where the first are."""

    message: str
    field: str
    severity: str
    count: int = 0
    rows: list[int] = dataclasses.field(default_factory=list)
    # Whether others of the kind say something else in their words.
    varies: bool = False

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


def problems(source: Import) -> dict[str, Any]:
    """The problems by kind, errors and then the most frequent first, and how many there are."""
    found = ImportProblem.objects.filter(source=source)
    by_severity = Counter(dict(found.order_by().values_list("severity").annotate(n=Count("pk"))))
    kinds: dict[tuple[str, str, str], Kind] = {}
    read = found.order_by("row", "pk").values_list("severity", "field", "message", "row")
    for severity, name, message, row in read[:PROBLEMS_READ]:
        # "“x” is no price" and "“y” is no price" are one kind.
        key = (severity, name, _SPECIFIC.sub("", message))
        kind = kinds.setdefault(key, Kind(message, name, severity))
        kind.count += 1
        kind.varies |= message != kind.message
        if row and len(kind.rows) < ROWS_SHOWN and row not in kind.rows:
            kind.rows.append(row)
    ordered = sorted(
        kinds.values(), key=lambda kind: (SEVERITIES.index(kind.severity), -kind.count)
    )
    return {
        "kinds": ordered[:KINDS_SHOWN],
        "more_kinds": max(len(ordered) - KINDS_SHOWN, 0),
        "errors": by_severity["error"],
        "warnings": by_severity["warning"],
        "notes": by_severity["note"],
        "total": sum(by_severity.values()),
    }


def changed(items: Iterable[ImportItem], labels: Labels) -> list[dict[str, Any]]:
    """Items as the preview lists them: what each changes, word by word."""
    return [_item(item, labels) for item in items]


def _item(item: ImportItem, labels: Labels) -> dict[str, Any]:
    product = item.product
    title = product.title if product else item.record.get("fields", {}).get("title")
    changes = item.changes if product else [*_said_of_new(item.record), *item.changes]
    return {
        "title": title or item.key or "Without a title",
        "url": product.get_absolute_url() if product else "",
        "state": item.state,
        "state_label": ItemState(item.state).label,
        "rows": item.record.get("rows", [])[:ROWS_SHOWN],
        "changes": [_change(each, labels) for each in changes[:CHANGES_OF_ITEM]],
        "more": max(len(changes) - CHANGES_OF_ITEM, 0),
    }


def _said_of_new(record: dict[str, Any]) -> list[list[Any]]:
    """The columns that a new product would have, as changes from nothing."""
    fields = dict(record.get("fields", {}))
    variants = record.get("variants", ())
    if len(variants) == 1:
        fields |= variants[0].get("fields", {})
    elif variants:
        fields["variants"] = _variants(variants)
    return [[name, None, value] for name, value in fields.items() if value]


def _variants(variants: Sequence[dict[str, Any]]) -> str:
    """New variants, a line each: by what they differ, their SKUs and prices."""
    lines = []
    for fields in [each.get("fields", {}) for each in variants[:VARIANTS_SHOWN]]:
        options = filter(None, (fields.get(f"option{n}_value") for n in (1, 2, 3)))
        words = (" / ".join(options), fields.get("sku"), fields.get("price"))
        lines.append(", ".join(filter(None, words)))
    more = len(variants) - VARIANTS_SHOWN
    return "\n".join([*lines, *([f"and {more} more"] if more > 0 else [])])


def _change(change: Sequence[Any], labels: Labels) -> dict[str, Any]:
    what, before, after = change
    key = what.partition(OF)[0].partition(LOCALE)[0]
    was, now = (_text(key, value, labels) for value in (before, after))
    return {
        "label": what_label(what, labels),
        "diff": [(kind, _short(text)) for kind, text in word_changes(was, now)],
        "cleared": bool(was) and not now,
    }


def what_label(what: str, labels: Labels) -> str:
    """What of a product changes: a heading of the file, or an attribute; "Price · M" is a variant's."""
    name, mark, of = what.partition(OF)
    key, at, locale = name.partition(LOCALE)
    if key in labels.definitions or key == CATEGORY or key in NAMES:
        name = NAMES.get(key) or ("Category" if key == CATEGORY else labels.field(key))
        name = f"{name} ({locale})" if at else name
    elif key.islower():
        name = key.replace("_", " ").capitalize()
    return f"{name}{mark}{of}"


def _text(key: str, value: Any, labels: Labels) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_text(key, each, labels) for each in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {each}" for name, each in value.items())
    if key in CHOICES:
        return str(CHOICES[key].get(value, value))
    if key in labels.definitions or key == CATEGORY:
        return labels.value(key, value)
    return str(value)


def _short(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN].rstrip()}…"


def import_url(source: Import, name: str = "import") -> str:
    return reverse(f"catalog:{name}", args=[source.catalog.slug, source.pk])
