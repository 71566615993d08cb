"""WooCommerce's product CSV: simple products, and variable ones with a row for each variation.

Cells that a spreadsheet takes for formulas are guarded as WooCommerce's own exporter guards them: its
importer takes the guard off again. What an attribute is a variation of its own says it nowhere there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from catalog.exporting.formats.base import Format, Records, Row, Writing, csv_pieces, table
from catalog.interchange import woocommerce as woo
from catalog.interchange.html import html_to_text, text_to_html
from catalog.interchange.records import CATEGORY, LOCALE, PhotoRecord, ProductRecord, VariantRecord
from catalog.models import Availability, PhotoRole, ProductStatus
from catalog.models.vocabulary import label_in
from prodintel.lib.csv_files import cell

OPTIONS = (1, 2, 3)
# What a row was read into beside its own columns.
_ALL_CATEGORIES = "All categories"
_MADE = frozenset({woo.PARENT_SKU, _ALL_CATEGORIES})
PUBLISHED = {ProductStatus.APPROVED: "1", ProductStatus.ARCHIVED: "0"}
DRAFT = "-1"
STOCK = {
    Availability.IN_STOCK: "1",
    Availability.OUT_OF_STOCK: "0",
    Availability.PREORDER: "backorder",
    Availability.BACKORDER: "backorder",
}
BACKORDERS = frozenset({Availability.PREORDER, Availability.BACKORDER})
# As the shop's admin has them for whoever leaves them out.
_USUAL = {
    "Is featured?": "0",
    "Visibility in catalog": "visible",
    "Tax status": "taxable",
    "Sold individually?": "0",
    "Allow customer reviews?": "1",
}
_DECIDED = frozenset({"Description"})
_PARTS = ("name", "value(s)", "visible", "global")
ALWAYS = frozenset({"Type", "SKU", "Name", "Parent"}) | {
    woo.attribute_header(n, part) for n in OPTIONS for part in _PARTS
}


def headers(writing: Writing) -> list[str]:
    """Woo's own columns, the shop's others, and as many attributes as a product can have."""
    others = [
        header
        for header in writing.kept
        if not woo.target(header)
        and not header.startswith(woo.ATTRIBUTE)
        and header not in _MADE
        and woo.attribute_part(header) is None
    ]
    theirs = sum(header.startswith(woo.ATTRIBUTE) for header in writing.kept)
    count = len(OPTIONS) + len(_own_attributes(writing)) + theirs
    attributes = [woo.attribute_header(n + 1, part) for n in range(count) for part in _PARTS]
    return [*woo.TARGETS, *others, *attributes]


def _own_attributes(writing: Writing) -> list[str]:
    return [name for name in writing.attributes if LOCALE not in name]


def rows(record: ProductRecord, writing: Writing) -> Iterator[Row]:
    variants = record.variants or [VariantRecord()]
    if len(variants) == 1 and not _options(variants[0]):
        yield _simple(record, variants[0], writing)
        return
    parent = _parent_sku(record)
    yield _variable(record, parent, writing)
    for position, variant in enumerate(variants, start=1):
        yield _variation(record, variant, parent, position, writing)


def _simple(record: ProductRecord, variant: VariantRecord, writing: Writing) -> Row:
    kept = {**record.extra, **variant.extra}
    attributes = _numbered(_attributes(record, kept, writing), start=1)
    row = {
        **_product(record, kept, writing),
        **_sold(variant, writing),
        **attributes,
        "Type": woo.SIMPLE,
        "Images": _images(record.photos),
    }
    return _with(row, kept)


def _variable(record: ProductRecord, sku: str, writing: Writing) -> Row:
    options: dict[str, dict[str, None]] = {}
    for variant in record.variants:
        for name, value in _options(variant).items():
            options.setdefault(name, {})[value] = None
    chosen = {name: woo.join(values) for name, values in options.items()}
    said = {
        name: value
        for name, value in _attributes(record, record.extra, writing).items()
        if name not in chosen
    }
    row = {
        **_product(record, record.extra, writing),
        **_numbered({**chosen, **said}, start=1),
        "Type": woo.VARIABLE,
        "SKU": sku,
        "Images": _images(photo for photo in record.photos if not photo.variant),
    }
    return _with(row, record.extra)


def _variation(
    record: ProductRecord, variant: VariantRecord, parent: str, position: int, writing: Writing
) -> Row:
    options = _options(variant)
    title = record.fields.get("title") or ""
    row = {
        **_sold(variant, writing),
        **_numbered({name: woo.join([value]) for name, value in options.items()}, start=1),
        "Type": woo.VARIATION,
        "Name": " - ".join(part for part in (title, ", ".join(options.values())) if part),
        "Published": PUBLISHED[ProductStatus.APPROVED],
        "Parent": parent,
        "Position": str(position),
        "Images": _images(photo for photo in record.photos if photo.variant == variant.name),
    }
    return _with(row, variant.extra)


def _with(row: Row, kept: Mapping[str, str]) -> Row:
    """With what came in where the row says nothing, and where the shop says it better."""
    better = {"ID", "Stock", "Backorders allowed?", "Position", "Visibility in catalog", "Type"}
    given = {
        header: text
        for header, text in kept.items()
        if (not row.get(header) or header in better or header in _USUAL)
        # Attributes are numbered anew, and written as they are by now.
        and woo.attribute_part(header) is None
        # `_description` decides of it: one that was cleared here is not to come back.
        and header not in _DECIDED.intersection(row)
    }
    # A kind such as "simple, virtual" says more; another kind is another product by now.
    if row["Type"] not in given.get("Type", "").casefold():
        given.pop("Type", None)
    return {**row, **given}


def _parent_sku(record: ProductRecord) -> str:
    """By what variations name their product: never the SKU of one of them."""
    taken = {(variant.fields.get("sku") or "").casefold() for variant in record.variants}
    sku = record.extra.get(woo.PARENT_SKU) or record.key
    while sku.casefold() in taken:
        sku += "-all"
    return sku


def _options(variant: VariantRecord) -> dict[str, str]:
    pairs = (
        (variant.fields.get(f"option{n}_name"), variant.fields.get(f"option{n}_value"))
        for n in OPTIONS
    )
    return {name or f"Option {n}": value for n, (name, value) in enumerate(pairs, 1) if value}


def _product(record: ProductRecord, kept: Mapping[str, str], writing: Writing) -> Row:
    fields = record.fields
    return {
        **_USUAL,
        "Name": fields.get("title") or "",
        "Description": _description(fields.get("description") or "", kept.get("Description", "")),
        "Published": PUBLISHED.get(ProductStatus(fields.get("status") or "draft"), DRAFT),
        "Categories": _categories(record, kept, writing),
        "Tags": woo.join(fields.get("tags") or ()),
        "Brands": fields.get("brand") or "",
    }


def _description(text: str, kept: str) -> str:
    """HTML, with what WooCommerce takes for the end of a line written so that it does not."""
    if kept and html_to_text(kept) == text:
        return kept
    return text_to_html(text).replace("\\", "&#92;")


def _categories(record: ProductRecord, kept: Mapping[str, str], writing: Writing) -> str:
    path = next(iter(record.attributes.get(CATEGORY) or []), "")
    trail = writing.trail(path)
    theirs = kept.get(_ALL_CATEGORIES) or kept.get("Categories", "")
    if not path:
        return theirs
    node = writing.vocabulary.categories.get(path)
    labels = {label.casefold() for label in node.labels.values()} if node else set()
    first = next(iter(woo.split(theirs)), "").rpartition(">")[2].strip().casefold()
    return theirs if first and first in labels | {path.rpartition("/")[2]} else woo.join([trail])


def _attributes(record: ProductRecord, kept: Mapping[str, str], writing: Writing) -> dict[str, str]:
    """What the product says of itself, by names as a shop shows them."""
    found: dict[str, str] = {}
    for name in _own_attributes(writing):
        values = record.attributes.get(name)
        if values:
            node = writing.vocabulary.attributes.get(name)
            label = label_in(node.labels, writing.catalog.language, name) if node else name
            found[label] = woo.join(writing.label(name, value) for value in values)
    for header, text in kept.items():
        if header.startswith(woo.ATTRIBUTE):
            found.setdefault(header.removeprefix(woo.ATTRIBUTE), woo.join(text.split(" | ")))
    return found


def _numbered(attributes: Mapping[str, str], *, start: int) -> Row:
    row: Row = {}
    for n, (name, values) in enumerate(attributes.items(), start):
        cells = (name, values, "1", "0")
        row |= {
            woo.attribute_header(n, part): text for part, text in zip(_PARTS, cells, strict=True)
        }
    return row


def _sold(variant: VariantRecord, writing: Writing) -> Row:
    fields = variant.fields
    availability = Availability(fields.get("availability") or Availability.IN_STOCK)
    regular, sale = _prices(variant, writing)
    grams = fields.get("weight_grams")
    return {
        "SKU": fields.get("sku") or "",
        "GTIN, UPC, EAN, or ISBN": fields.get("gtin") or "",
        "Tax status": _USUAL["Tax status"],
        "In stock?": STOCK[availability],
        "Backorders allowed?": "1" if availability in BACKORDERS else "0",
        "Weight (kg)": f"{(Decimal(grams) / 1000).normalize():f}" if grams else "",
        "Regular price": regular,
        "Sale price": sale,
    }


def _prices(variant: VariantRecord, writing: Writing) -> tuple[str, str]:
    """Prices in another currency than the shop's are left out: a Woo file has no place for it."""
    fields = variant.fields
    if (fields.get("currency") or "") not in ("", writing.catalog.currency):
        return "", ""
    price, before = fields.get("price") or "", fields.get("compare_at_price") or ""
    if price and before and Decimal(before) > Decimal(price):
        return before, price
    return price, ""


def _images(photos: Iterator[PhotoRecord] | list[PhotoRecord]) -> str:
    ordered = sorted(photos, key=lambda photo: photo.role != PhotoRole.MAIN)
    return woo.join(photo.source for photo in ordered)


def write(records: Records, writing: Writing) -> Iterator[bytes]:
    return csv_pieces(table(headers, rows, records, writing, ALWAYS), guard=cell)


WOOCOMMERCE = Format(
    name="woocommerce",
    label="WooCommerce",
    purpose="For WooCommerce's own product import: simple products, and variable ones with variations.",
    extension="csv",
    content_type="text/csv; charset=utf-8",
    write=write,
    headers=headers,
    always=ALWAYS,
    for_channel=True,
    kept="woocommerce",
)
