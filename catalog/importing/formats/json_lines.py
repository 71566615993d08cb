"""JSON Lines, as our own export writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import TypeAdapter, ValidationError

from catalog.importing.formats.base import ReadProduct, TableFormat, folded_key
from catalog.importing.tables import JSON_LINES, Layout
from catalog.importing.tables.json_lines import objects
from catalog.interchange.records import PhotoRecord, Problem, ProductRecord, VariantRecord

_RECORD = TypeAdapter(ProductRecord)
_KNOWN = frozenset(ProductRecord.__dataclass_fields__)
_KNOWN_OF_VARIANT = frozenset(VariantRecord.__dataclass_fields__)
_KNOWN_OF_PHOTO = frozenset(PhotoRecord.__dataclass_fields__)


class JsonLinesFormat(TableFormat):
    name: ClassVar[str] = "jsonl"
    label: ClassVar[str] = "JSON Lines"

    def recognises(self, layout: Layout) -> bool:
        return layout.kind == JSON_LINES

    def read(self, path: Path, layout: Layout) -> Iterator[ReadProduct]:
        for number, document, problem in objects(path, layout):
            if problem is None:
                problem = _unknown(document, number)  # noqa: PLW2901 -- the line's problem
            if problem is None:
                try:
                    record = _RECORD.validate_python(document)
                except ValidationError as error:
                    problem = _invalid(error, number)  # noqa: PLW2901 -- the line's problem
            if problem is not None:
                refused = ProductRecord(key=f"row {number}", rows=[number])
                yield ReadProduct(refused, [problem])
                continue
            # The line's own id is of the catalogue that it was written from.
            record.id, record.rows = None, [number]
            handle = record.fields.get("handle")
            key = record.key or (handle if isinstance(handle, str) else "")
            record.key = folded_key(key) or f"row {number}"
            for variant in record.variants:
                variant.row = number
            yield ReadProduct(record)


def _unknown(document: dict, number: int) -> Problem | None:
    """A name that records do not have would be dropped without a word."""
    unknown = sorted(set(document) - _KNOWN)
    for part, known in (("variants", _KNOWN_OF_VARIANT), ("photos", _KNOWN_OF_PHOTO)):
        for each in document.get(part) or ():
            if isinstance(each, dict):
                unknown += sorted(f"{part}: {name}" for name in set(each) - known)
    if not unknown:
        return None
    return Problem(number, unknown[0][:200], f"“{unknown[0][:80]}” is no part of a product here.")


def _invalid(error: ValidationError, number: int) -> Problem:
    first = error.errors()[0]
    place = " › ".join(str(step) for step in first["loc"])
    return Problem(number, place[:200], f"{place[:80]}: {first['msg']}.")
