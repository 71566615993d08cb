"""One module a file format that is written."""

from catalog.exporting.formats.base import Choice, Format, Writing
from catalog.exporting.formats.own import CSV, JSONL, XLSX

FORMATS: dict[str, Format] = {form.name: form for form in (CSV, XLSX, JSONL)}

__all__ = ["FORMATS", "Choice", "Format", "Writing"]
