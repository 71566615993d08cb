"""The vocabulary of the database in the form of its files: as data, as TOML, as JSON.

What is as usual is left out, so that a file holds what somebody decided.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.models import AttributeDefinition, Category, Term, TermState

_BARE = re.compile(r"[A-Za-z0-9_-]+")
HEADING = """\
# A vocabulary: the tree of categories, then the attributes with their values.
# Load it with `manage.py load_vocabulary --path FILE`, or on the admin's import page.
"""


def vocabulary_data() -> dict[str, Any]:
    """All of the vocabulary, in a fixed number of queries; `reading.vocabulary_of` takes it back."""
    rows = list(Category.objects.order_by("position", "path"))
    paths = {row.pk: row.path for row in rows}
    return {"categories": _tree(rows), "attributes": _attributes(paths)}


def as_json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def as_toml(data: Mapping[str, Any]) -> str:
    """TOML in the form of the shipped file: a table a root and an attribute, a line a node."""
    parts = [HEADING]
    for name in ("categories", "attributes"):
        for entry in data[name]:
            lines = [f"{_key(key)} = {_value(value, 0)}" for key, value in entry.items()]
            parts.append("\n".join([f"[[{name}]]", *lines, ""]))
    return "\n".join(parts)


def _tree(rows: list[Category]) -> list[dict[str, Any]]:
    below: dict[int | None, list[Category]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    places = iter(range(len(rows)))

    def entries(parent: int | None) -> Iterator[dict[str, Any]]:
        for row in below.get(parent, ()):
            entry = _without_usual(
                {
                    "slug": (row.slug, None),
                    "labels": (row.labels, {}),
                    "prompts": (row.prompts, []),
                    "google_id": (row.google_id, ""),
                    "shopify_id": (row.shopify_id, ""),
                    "offered": (row.offered, True),
                    "position": (row.position, next(places)),
                }
            )
            children = list(entries(row.pk))
            yield {**entry, "children": children} if children else entry

    return list(entries(None))


def _attributes(paths: Mapping[int, str]) -> list[dict[str, Any]]:
    terms = _terms(paths)
    places = _places(AttributeDefinition.categories.through, "attributedefinition_id", paths)
    return [
        _without_usual(
            {
                "key": (row.key, None),
                "kind": (row.kind, None),
                "labels": (row.labels, {}),
                "unit": (row.unit, ""),
                "closed": (row.closed, True),
                "filterable": (row.filterable, True),
                "machine_may_set": (row.machine_may_set, True),
                "precedence": (row.precedence, []),
                "position": (row.position, place),
                "categories": (places.get(row.pk, []), []),
                "terms": (terms.get(row.pk, []), []),
            }
        )
        for place, row in enumerate(AttributeDefinition.objects.order_by("position", "key"))
    ]


def _terms(paths: Mapping[int, str]) -> dict[int, list[dict[str, Any]]]:
    rows = list(Term.objects.order_by("position", "key"))
    keys = {row.pk: row.key for row in rows}
    places = _places(Term.categories.through, "term_id", paths)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        entries = found.setdefault(row.attribute_id, [])
        entry: dict[str, tuple[Any, Any]] = {
            "key": (row.key, None),
            "labels": (row.labels, {}),
            "prompts": (row.prompts, []),
            "categories": (places.get(row.pk, []), []),
            "state": (row.state, TermState.ACTIVE),
            "merged_into": (keys.get(row.merged_into_id or 0, ""), ""),
            "position": (row.position, len(entries)),
        }
        entries.append(_without_usual(entry))
    return found


def _places(link: Any, owner: str, paths: Mapping[int, str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for owner_id, category_id in link.objects.order_by("pk").values_list(owner, "category_id"):
        found.setdefault(owner_id, []).append(paths[category_id])
    return found


def _without_usual(entry: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    return {name: value for name, (value, usual) in entry.items() if value != usual}


def _value(value: Any, depth: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(name)} = {_value(each, depth)}" for name, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if value and isinstance(value[0], Mapping):
        indent = "  " * (depth + 1)
        lines = "".join(f"{indent}{_value(each, depth + 1)},\n" for each in value)
        return f"[\n{lines}{'  ' * depth}]"
    return f"[{', '.join(_value(each, depth) for each in value)}]"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    # JSON's escapes are TOML's; only TOML wants this one written out.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
