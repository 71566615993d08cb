"""Shopify's product CSV, under its old headers and its new ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from catalog.channels.checking import check
from catalog.channels.profiles import profile
from catalog.channels.requirements import REQUIRED
from catalog.channels.rules import url_problem
from catalog.channels.validating.reading import FeedRow, read_table
from catalog.interchange.records import PhotoRecord, Problem, ProductRecord, VariantRecord

MAX_URL = 2000
OPTIONS = (1, 2, 3)
# Both names of each column that is looked at.
NAMES = {
    "handle": ("Handle", "URL handle"),
    "title": ("Title",),
    "description": ("Body (HTML)", "Description"),
    "vendor": ("Vendor",),
    "category": ("Product Category", "Product category"),
    "tags": ("Tags",),
    "published": ("Published", "Published on online store"),
    "status": ("Status",),
    "sku": ("Variant SKU", "SKU"),
    "gtin": ("Variant Barcode", "Barcode"),
    "price": ("Variant Price", "Price"),
    "compare_at_price": ("Variant Compare At Price", "Compare-at price"),
    "cost": ("Cost per item",),
    "grams": ("Variant Grams", "Weight value (grams)"),
    "policy": ("Variant Inventory Policy", "Continue selling when out of stock"),
    "quantity": ("Variant Inventory Qty", "Inventory quantity"),
    "image": ("Image Src", "Product image URL"),
    "position": ("Image Position", "Image position"),
    "alt": ("Image Alt Text", "Image alt text"),
    "variant_image": ("Variant Image", "Variant image URL"),
    **{f"option{n}_name": (f"Option{n} Name", f"Option{n} name") for n in OPTIONS},
    **{f"option{n}_value": (f"Option{n} Value", f"Option{n} value") for n in OPTIONS},
}
OF_VARIANTS = ("sku", "gtin", "price", "compare_at_price", "grams", "option1_value")
MONEY = ("price", "compare_at_price", "cost")
HEADERS = {
    "brand": "vendor",
    "photos": "image",
    "variants": "option1_value",
    "options": "option1_name",
}
ALLOWED = {
    "status": frozenset({"active", "draft", "archived", "unlisted"}),
    "published": frozenset({"true", "false"}),
    "policy": frozenset({"deny", "continue"}),
}
_WHOLE = re.compile(r"-?\d{1,9}")


def shopify_problems(path: Path, _country: str) -> Iterator[Problem]:
    """Of a product CSV. Country makes no difference to Shopify."""
    table = read_table(path, ",")
    columns = _columns(table.headers)
    yield from _headers(table.headers, columns)
    if "title" not in columns and "handle" not in columns:
        return
    product: _Product | None = None
    closed: set[str] = set()
    for row in table.rows:
        if row.count != len(table.headers):
            message = f"The line has {row.count} cells, the first line {len(table.headers)}."
            yield Problem(row.line, "", message)
            continue
        handle = row.one(columns.get("handle", ""))
        if product is None or handle != product.handle or not handle:
            if product is not None:
                yield from product.problems()
                closed.add(product.handle)
            product = _Product(columns, handle, row.line)
            if handle in closed:
                header = columns["handle"]
                message = f"Lines of “{handle[:40]}” do not stand together."
                yield Problem(row.line, header, message, "warning")
        yield from product.add(row)
    if product is not None:
        yield from product.problems()


def _columns(headers: list[str]) -> dict[str, str]:
    """The header of each column that is there; names count with their capitals."""
    return {
        key: next(name for name in names if name in headers)
        for key, names in NAMES.items()
        if any(name in headers for name in names)
    }


def _headers(headers: list[str], columns: dict[str, str]) -> Iterator[Problem]:
    for name in sorted({name for name in headers if name and headers.count(name) > 1}):
        yield Problem(1, name, "The column is there more than once.")
    if "title" not in columns:
        yield Problem(1, "Title", "The column is missing; capitals count.")
    if "handle" not in columns:
        message = "The column is missing: variants and photos have nothing to stand together by."
        yield Problem(1, "URL handle", message)
    of_variants = [columns[key] for key in OF_VARIANTS if key in columns]
    if of_variants and not {"option1_name", "option1_value"} <= columns.keys():
        message = (
            f"The file has {of_variants[0]} and not Option1 name and Option1 value: Shopify then "
            "replaces all variants by a new one."
        )
        yield Problem(1, "Option1 name", message)


@dataclass
class _Product:
    """The lines of one product."""

    columns: dict[str, str]
    handle: str
    line: int
    record: ProductRecord = field(default_factory=ProductRecord)
    names: dict[str, str] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)

    def _cell(self, row: FeedRow, key: str) -> str:
        return row.one(self.columns.get(key, ""))

    def add(self, row: FeedRow) -> Iterator[Problem]:
        is_first = row.line == self.line
        if is_first:
            self._begin(row)
        elif self._cell(row, "title") not in {"", self.record.fields["title"]}:
            message = f"The handle is that of line {self.line}, and the title is another."
            yield self._problem(row, "title", message)
        is_variant = is_first or any(self._cell(row, key) for key in OF_VARIANTS)
        if is_variant:
            self.lines.append(row.line)
            yield from self._variant(row)
        elif not self._cell(row, "image"):
            yield self._problem(row, "handle", "The line is neither a variant nor a photo.")
        if address := self._cell(row, "image"):
            self.record.photos.append(PhotoRecord(address))
        yield from self._form(row)

    def _begin(self, row: FeedRow) -> None:
        self.record.key = self.handle
        self.record.fields = {
            "handle": self.handle,
            "title": self._cell(row, "title"),
            "description": self._cell(row, "description"),
            "brand": self._cell(row, "vendor"),
            "tags": [tag.strip() for tag in self._cell(row, "tags").split(",") if tag.strip()],
        }
        if category := self._cell(row, "category"):
            self.record.attributes["category"] = [category]
        self.names = {f"option{n}_name": self._cell(row, f"option{n}_name") for n in OPTIONS}

    def _variant(self, row: FeedRow) -> Iterator[Problem]:
        for key, name in self.names.items():
            said = self._cell(row, key)
            if said and said != name:
                message = f"The option is “{name[:40]}” in line {self.line}: it has one name."
                yield self._problem(row, key, message)
            if self._cell(row, key.replace("_name", "_value")) and not name:
                message = f"The option has a value here and no name in line {self.line}."
                yield self._problem(row, key, message)
        values = {f"option{n}_value": self._cell(row, f"option{n}_value") for n in OPTIONS}
        self.record.variants.append(
            VariantRecord(
                {
                    **{key: self._cell(row, key) for key in ("sku", "gtin", "price")},
                    **self.names,
                    **values,
                },
                row=row.line,
            )
        )

    def _form(self, row: FeedRow) -> Iterator[Problem]:
        for key in MONEY:
            if (text := self._cell(row, key)) and not _is_amount(text):
                message = f"“{text[:40]}” is no amount: write 12.50, without a currency."
                yield self._problem(row, key, message)
        for key in ("grams", "position", "quantity"):
            if (text := self._cell(row, key)) and not _WHOLE.fullmatch(text):
                yield self._problem(row, key, f"“{text[:40]}” is no whole number.")
        for key in ("image", "variant_image"):
            if (text := self._cell(row, key)) and (said := url_problem(text, MAX_URL)):
                yield self._problem(row, key, said)
        for key, allowed in ALLOWED.items():
            text = self._cell(row, key)
            if text and text.casefold() not in allowed:
                message = f"“{text[:40]}” is not one of {', '.join(sorted(allowed))}."
                yield self._problem(row, key, message)
        if self._cell(row, "alt") and not self._cell(row, "image"):
            message = "The text describes no photo: the line has no address of one."
            yield self._problem(row, "alt", message, "warning")

    def problems(self) -> Iterator[Problem]:
        """What its lines together lack."""
        known = profile("shopify")
        assert known is not None
        for gap in check(self.record, known, ""):
            name = known.requirements[gap.requirement].fields[0].rpartition(".")[2]
            key = HEADERS.get(name, name)
            severity = "error" if gap.severity == REQUIRED else "warning"
            yield Problem(self.line, self._header(key), gap.message, severity)

    def _problem(self, row: FeedRow, key: str, message: str, severity: str = "error") -> Problem:
        return Problem(row.line, self._header(key), message, severity)

    def _header(self, key: str) -> str:
        return self.columns.get(key) or NAMES.get(key, (key,))[-1]


def _is_amount(text: str) -> bool:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return False
    return amount.is_finite() and amount >= 0
