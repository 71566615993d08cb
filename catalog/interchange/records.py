"""Products on their way in and out: what a file says of them, in no file's own terms.

A record says only what its file says. A name that is missing was not spoken of; None is a cell that
is there and empty. All values are text in one form: money as a decimal with a point ("12.50"),
weights in grams, availability and condition as the model's values, an attribute's values as a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# An attribute is named by its key, in a language other than the catalogue's as "key@language".
LOCALE = "@"
CATEGORY = "category"


@dataclass
class PhotoRecord:
    """A photo: `source` is an address, or a file's name within an archive or a folder.

    `variant` is the SKU, or where it has none the option text, of the variant it belongs to. An
    empty `role` was not spoken of.
    """

    source: str
    alt_text: str | None = None
    role: str = ""
    variant: str = ""


@dataclass
class VariantRecord:
    """What is sold. `fields` are named as the columns of `Variant`; `extra` are the cells of columns
    that mean nothing here, by their headers; `row` is the line of the file, from 1.
    """

    fields: dict[str, str | None] = field(default_factory=dict)
    attributes: dict[str, list[str] | None] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    row: int = 0

    @property
    def name(self) -> str:
        """By what photos name it: its SKU, or its options."""
        values = (self.fields.get(f"option{n}_value") for n in (1, 2, 3))
        return self.fields.get("sku") or " / ".join(value for value in values if value)


@dataclass
class ProductRecord:
    """A product. `key` is what its rows were put together by, such as a handle.

    `fields` are named as the columns of `Product` ("tags" is a list); the category is an attribute,
    by path, label, or a taxonomy's number or path. `written_by` says whose word a field is (a ledger
    source), for channels that ask; `updated_at` is an ISO time. `rows` are all its lines.
    """

    key: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, list[str] | None] = field(default_factory=dict)
    variants: list[VariantRecord] = field(default_factory=list)
    photos: list[PhotoRecord] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)
    written_by: dict[str, str] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    id: int | None = None
    updated_at: str = ""

    def as_json(self) -> dict[str, Any]:
        """For a JSON column, without what is empty."""
        return {
            name: value for name, value in asdict(self).items() if value not in ("", [], {}, None)
        }

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> ProductRecord:
        return cls(
            **{
                **document,
                "variants": [VariantRecord(**each) for each in document.get("variants", [])],
                "photos": [PhotoRecord(**each) for each in document.get("photos", [])],
            }
        )


@dataclass(frozen=True)
class Problem:
    """What is wrong in a file, for the person who mends it. `row` is a line of the file, 0 for all of
    it; `field` is the column's header as the file writes it. An "error" keeps the row out, a
    "warning" only that value, a "note" nothing.
    """

    row: int
    field: str
    message: str
    severity: str = "error"
