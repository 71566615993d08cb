"""What is to become of one product of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.importing.known import Present
from catalog.interchange.records import Problem, ProductRecord, VariantRecord
from catalog.models import ImportItem, ItemState, Product, Variant

# What a file names columns by, where it is no mapped header that says it.
LABELS = {"sku": "SKU", "gtin": "GTIN", "mpn": "MPN", "product_url": "Product URL"}

# In `ImportItem.wrote`: the status that the product is still to get.
MOVES_TO = "moves_to"


@dataclass
class VariantPlan:
    """`said` is all that the file may say of its columns, `changes` what of it is to be written."""

    row: Variant
    record: VariantRecord
    is_new: bool = False
    said: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Value:
    """A value of an attribute to be written. `over`: a person's word gives way to it."""

    field: str
    locale: str
    value: list | None
    variant: VariantPlan | None = None
    over: bool = False


@dataclass
class Plan:
    """What is to be written of an item, and what is wrong with it.

    `product` is new where nothing is `present`. `said` is all that may be said of its columns,
    `columns` what of it is to be written; `before` what stood there, also by the id of a variant.
    `proposals` are words for closed lists by attribute. `moves_to` is the status that it gets once its
    photos are there, where that is another.
    """

    item: ImportItem
    record: ProductRecord
    state: str = ItemState.UNCHANGED
    product: Product | None = None
    present: Present | None = None
    said: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)
    before: dict[tuple[int | None, str], Any] = field(default_factory=dict)
    variants: list[VariantPlan] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    cells: list[tuple[VariantPlan | None, dict[str, str]]] = field(default_factory=list)
    proposals: set[tuple[str, str]] = field(default_factory=set)
    changes: list[list[Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    moves_to: str = ""

    @property
    def row(self) -> int:
        """The line that stands for the product."""
        return self.record.rows[0] if self.record.rows else 0

    @property
    def is_refused(self) -> bool:
        return self.state in {ItemState.REFUSED, ItemState.SKIPPED}

    def refuse(self, message: str, *, row: int | None = None, header: str = "") -> None:
        self.state = ItemState.REFUSED
        self.problems.append(Problem(self.row if row is None else row, header, message))

    def warn(self, row: int, header: str, message: str) -> None:
        self.problems.append(Problem(row, header, message, "warning"))

    def note(self, row: int, header: str, message: str) -> None:
        self.problems.append(Problem(row, header, message, "note"))


class Headers:
    """What the file itself calls what it says, for messages."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._headers: dict[str, str] = {}
        for header, target in mapping.items():
            self._headers.setdefault(target, header)

    def of(self, kind: str, name: str) -> str:
        """`kind` is product, variant or attribute."""
        known = self._headers.get(f"{kind}.{name}")
        return known or LABELS.get(name) or name.replace("_", " ").capitalize()
