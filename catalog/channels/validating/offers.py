"""Feeds of offers, one a variant, as Google and Meta take them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from catalog.channels.checking import check
from catalog.channels.gtin import gtin_key
from catalog.channels.profiles import profile
from catalog.channels.requirements import REQUIRED
from catalog.channels.rules import url_problem
from catalog.channels.validating.reading import FeedRow, is_xml, read_items, read_table
from catalog.interchange.records import PhotoRecord, Problem, ProductRecord, VariantRecord

PRICE = re.compile(r"(\d{1,12}(?:\.\d{1,3})?) ([A-Z]{3})")
WEIGHT = re.compile(r"\d+(\.\d+)? (g|kg|oz|lb)")
STRUCTURED = re.compile(r"(?P<source>[a-z_]+):(?P<text>\"(?:[^\"]|\"\")*\"|[^\"].*)", re.DOTALL)
SOURCES = frozenset({"default", "trained_algorithmic_media"})
DIFFERENCES = ("color", "size", "material", "pattern", "gender", "age_group")
MAX_URL = 2000
MAX_TYPE = 750
MAX_GROUP = 50
YES_OR_NO = frozenset({"yes", "no"})
# Headers by the fields of requirements; what is not here is called the same.
HEADERS: Mapping[str, str] = {
    "variant.sku": "id",
    "product_url": "link",
    "photos": "image_link",
    "google_category": "google_product_category",
    "variants": "item_group_id",
    "variant.currency": "price",
}
KNOWN = frozenset(
    {
        *("id", "title", "description", "link", "image_link", "additional_image_link"),
        *("availability", "price", "sale_price", "condition", "brand", "gtin", "mpn"),
        *("google_product_category", "product_type", "item_group_id", "color", "size"),
        *("material", "pattern", "gender", "age_group", "shipping_weight", "mobile_link"),
        *("cost_of_goods_sold", "sale_price_effective_date", "availability_date", "shipping"),
        *("expiration_date", "adult", "custom_label_0", "custom_label_1", "custom_label_2"),
        *("custom_label_3", "custom_label_4", "size_type", "size_system"),
    }
)


@dataclass(frozen=True)
class Dialect:
    """How a channel's feed differs. `availabilities` are its words by ours."""

    channel: str
    delimiter: str
    needed: frozenset[str]
    known: frozenset[str]
    availabilities: Mapping[str, str]
    max_more_photos: int
    # Where options stand that have no attribute of their own.
    options: str
    structured: bool = False


GOOGLE = Dialect(
    channel="google",
    delimiter="\t",
    needed=frozenset({"id", "link", "image_link", "availability", "price"}),
    known=KNOWN
    | {
        *("structured_title", "structured_description", "identifier_exists", "is_bundle"),
        *("multipack", "product_detail", "product_highlight", "energy_efficiency_class"),
        *("min_energy_efficiency_class", "max_energy_efficiency_class", "certification"),
        *("unit_pricing_measure", "unit_pricing_base_measure", "shipping_label", "product_weight"),
        *("lifestyle_image_link", "excluded_destination", "included_destination", "pause"),
        *(
            "ships_from_country",
            "variant_option",
            "item_group_title",
            "canonical_link",
            "ads_redirect",
        ),
    },
    availabilities={each: each for each in ("in_stock", "out_of_stock", "preorder", "backorder")},
    max_more_photos=10,
    options="variant_option",
    structured=True,
)
META = Dialect(
    channel="meta",
    delimiter=",",
    needed=frozenset({"id", "title", "description", "availability", "condition", "price"})
    | {"link", "image_link"},
    known=KNOWN
    | {
        *("fb_product_category", "quantity_to_sell_on_facebook", "rich_text_description"),
        *("status", "video", "internal_label", "product_tags", "additional_variant_attribute"),
    },
    availabilities={
        "in stock": "in_stock",
        "out of stock": "out_of_stock",
        "preorder": "preorder",
        "available for order": "backorder",
        "discontinued": "out_of_stock",
        "pending": "out_of_stock",
    },
    max_more_photos=20,
    options="additional_variant_attribute",
)


def google_problems(path: Path, country: str) -> Iterator[Problem]:
    """Of a feed for Google, as a table parted by tabs or as XML."""
    return _problems(path, GOOGLE, country)


def meta_problems(path: Path, country: str) -> Iterator[Problem]:
    """Of a feed for Meta, as CSV or XML."""
    return _problems(path, META, country)


def _problems(path: Path, dialect: Dialect, country: str) -> Iterator[Problem]:
    feed = _Feed(dialect, country)
    if is_xml(path):
        for row in read_items(path):
            yield from feed.row(row)
        return
    table = read_table(path, dialect.delimiter)
    yield from _headers(table.headers, dialect)
    for row in table.rows:
        if row.count != len(table.headers):
            message = f"The line has {row.count} cells, the first line {len(table.headers)}."
            yield Problem(row.line, "", message)
            continue
        yield from feed.row(row)


def _headers(headers: list[str], dialect: Dialect) -> Iterator[Problem]:
    for name in sorted({name for name in headers if headers.count(name) > 1}):
        if name != "additional_image_link":
            yield Problem(1, name, "The column is there more than once.")
    present = set(headers)
    needed = set(dialect.needed)
    if dialect.structured:
        needed |= {name for name in ("title", "description") if f"structured_{name}" not in present}
    for name in sorted(needed - present):
        yield Problem(1, name, "The column is missing.")
    for name in sorted(present - dialect.known):
        yield Problem(1, name, "The channel knows no such column and ignores it.", "warning")


@dataclass
class _Feed:
    """What has to be kept of the rows before: a few words of each."""

    dialect: Dialect
    country: str
    ids: dict[str, int] = field(default_factory=dict)
    gtins: dict[str, int] = field(default_factory=dict)
    groups: dict[tuple[str, ...], int] = field(default_factory=dict)

    def row(self, row: FeedRow) -> Iterator[Problem]:
        yield from self._once(row, "id", row.one("id"), self.ids)
        if key := gtin_key(row.one("gtin")):
            yield from self._once(row, "gtin", key, self.gtins)
        yield from self._group(row)
        yield from self._form(row)
        yield from self._requirements(row)

    @staticmethod
    def _once(row: FeedRow, header: str, key: str, seen: dict[str, int]) -> Iterator[Problem]:
        first = seen.setdefault(key, row.line) if key else row.line
        if first != row.line:
            yield Problem(row.line, header, f"“{row.one(header)}” stands in line {first}, too.")

    def _group(self, row: FeedRow) -> Iterator[Problem]:
        group = row.one("item_group_id")
        if not group:
            return
        if len(group) > MAX_GROUP:
            yield Problem(row.line, "item_group_id", f"It has more than {MAX_GROUP} characters.")
        names = (*DIFFERENCES, self.dialect.options)
        looks = tuple("\n".join(row.cells.get(name, ())).casefold() for name in names)
        first = self.groups.setdefault((group, *looks), row.line)
        if first != row.line:
            yield Problem(
                row.line,
                "item_group_id",
                f"It has the {', '.join(names)} of line {first}: items of a group differ.",
            )

    def _form(self, row: FeedRow) -> Iterator[Problem]:
        for header, problem in _FORMS:
            for value in row.cells.get(header, ()):
                if said := problem(value):
                    yield Problem(row.line, header, said)
        availability = row.one("availability")
        if availability and availability not in self.dialect.availabilities:
            known = ", ".join(self.dialect.availabilities)
            yield Problem(row.line, "availability", f"“{availability[:40]}” is not one of {known}.")
        more = _more_photos(row)
        for address in more:
            if said := url_problem(address, MAX_URL):
                yield Problem(row.line, "additional_image_link", said)
        if len(more) > self.dialect.max_more_photos:
            message = f"There are {len(more)}; {self.dialect.max_more_photos} at most."
            yield Problem(row.line, "additional_image_link", message)
        yield from _sale(row)
        if self.dialect.structured:
            yield from _structured(row)

    def _requirements(self, row: FeedRow) -> Iterator[Problem]:
        known = profile(self.dialect.channel)
        assert known is not None
        without_numbers = row.one("identifier_exists") == "no"
        for gap in check(self._record(row), known, self.country):
            requirement = known.requirements[gap.requirement]
            header = _header(requirement.fields[0], row)
            if without_numbers and gap.requirement in {"identifier", "gtin"}:
                continue  # The feed says itself that there is none.
            severity = "error" if gap.severity == REQUIRED else "warning"
            yield Problem(row.line, header, gap.message, severity)

    def _record(self, row: FeedRow) -> ProductRecord:
        price = PRICE.fullmatch(row.one("price"))
        record = ProductRecord(
            fields={
                "title": _text(row, "title"),
                "description": _text(row, "description"),
                "brand": row.one("brand"),
                "product_url": row.one("link"),
            },
            attributes={
                name: [part.strip() for part in row.one(name).split("/")]
                if name == "color"
                else [row.one(name)]
                for name in ("color", "size", "material", "pattern", "gender", "age_group")
                if row.one(name)
            },
            photos=[PhotoRecord(each) for each in row.cells.get("image_link", ())],
        )
        for name in ("unit_pricing_measure", "energy_efficiency_class", "availability_date"):
            if row.one(name):
                record.attributes[name] = [row.one(name)]
        if category := row.one("google_product_category"):
            record.attributes["category"] = [category]
        weight = WEIGHT.fullmatch(row.one("shipping_weight"))
        record.variants.append(
            VariantRecord(
                {
                    "sku": row.one("id"),
                    "gtin": row.one("gtin"),
                    "mpn": row.one("mpn"),
                    "price": price[1] if price else None,
                    "currency": price[2] if price else None,
                    "availability": self.dialect.availabilities.get(row.one("availability")),
                    "condition": row.one("condition") or None,
                    "weight_grams": weight[0] if weight else None,
                }
            )
        )
        return record


def _header(name: str, row: FeedRow) -> str:
    found = HEADERS.get(name) or name.rpartition(".")[2]
    return (
        found
        if found in row.cells or f"structured_{found}" not in row.cells
        else f"structured_{found}"
    )


def _text(row: FeedRow, name: str) -> str:
    """A title or description, wherever it stands."""
    if plain := row.one(name):
        return plain
    cell = row.one(f"structured_{name}")
    if f"structured_{name}" in row.parts:
        return cell
    found = STRUCTURED.fullmatch(cell)
    return _unquoted(found["text"]) if found else cell


def _unquoted(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _structured(row: FeedRow) -> Iterator[Problem]:
    for name in ("title", "description"):
        header = f"structured_{name}"
        if header not in row.cells:
            continue
        if row.one(name):
            yield Problem(row.line, header, f"An item has either {name} or {header}.")
        parts = row.parts.get(header)
        if parts is not None:
            if not parts.get("content"):
                yield Problem(row.line, header, "The element lacks its content.")
            if parts.get("digital_source_type", "default") not in SOURCES:
                message = f"The source is one of {', '.join(sorted(SOURCES))}."
                yield Problem(row.line, header, message)
            continue
        found = STRUCTURED.fullmatch(row.one(header))
        if found is None or found["source"] not in SOURCES:
            message = 'Write it as trained_algorithmic_media:"the text", its quotes doubled.'
            yield Problem(row.line, header, message)


def _sale(row: FeedRow) -> Iterator[Problem]:
    sale, price = PRICE.fullmatch(row.one("sale_price")), PRICE.fullmatch(row.one("price"))
    if not (sale and price):
        return
    if sale[2] != price[2]:
        yield Problem(row.line, "sale_price", "It has another currency than the price.")
    elif Decimal(sale[1]) >= Decimal(price[1]):
        yield Problem(row.line, "sale_price", "It is not lower than the price.")


def _more_photos(row: FeedRow) -> list[str]:
    """Addresses parted by commas, in one cell or in several."""
    return [
        part.strip().strip('"')
        for cell in row.cells.get("additional_image_link", ())
        for part in cell.split(",")
        if part.strip()
    ]


def _price_form(value: str) -> str:
    return "" if PRICE.fullmatch(value) else f"“{value[:40]}” is not written as 12.50 EUR."


def _weight_form(value: str) -> str:
    return "" if WEIGHT.fullmatch(value) else f"“{value[:40]}” is not written as 250 g."


def _type_form(value: str) -> str:
    return "" if len(value) <= MAX_TYPE else f"It has more than {MAX_TYPE} characters."


def _yes_or_no(value: str) -> str:
    return "" if value in YES_OR_NO else f"“{value[:40]}” is neither yes nor no."


_FORMS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("price", _price_form),
    ("sale_price", _price_form),
    ("cost_of_goods_sold", _price_form),
    ("image_link", lambda value: url_problem(value, MAX_URL)),
    ("shipping_weight", _weight_form),
    ("product_type", _type_form),
    ("identifier_exists", _yes_or_no),
)
