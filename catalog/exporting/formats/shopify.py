"""Shopify's product CSV, with the headers of today or those of before 2025.

Option columns are always written, for products without options as Shopify itself writes them: a file
that leaves them out deletes variants. What came from Shopify and means nothing here goes back as it
came; what means something goes back as it came where nobody changed what it says. Cells are written as
they are, because Shopify reads them literally: a guard against formulas would change titles and SKUs
in the shop.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from catalog.exporting.formats.base import Choice, Format, Row, Writing, csv_writer
from catalog.importing.attribute_names import attribute_of
from catalog.interchange import shopify
from catalog.interchange.html import html_to_text, text_to_html
from catalog.interchange.records import CATEGORY, LOCALE, PhotoRecord, ProductRecord, VariantRecord
from catalog.models import Availability, PhotoRole, ProductStatus
from catalog.models.vocabulary import label_in

OLD = "old"
HEADERS = Choice(
    "headers",
    "Headers",
    (("new", "As Shopify names them today"), (OLD, "As before 2025 (Handle, Body (HTML) ...)")),
)
METAFIELDS = Choice(
    "attributes",
    "Attributes",
    (("metafields", "As metafields: product.metafields.custom.material"), ("none", "Leave out")),
    "Shopify takes metafields that are defined in the shop's settings, and passes over the others.",
)
STATUS = {ProductStatus.APPROVED: "active", ProductStatus.ARCHIVED: "archived"}
# Not told by how many there are: what an item that cannot be had at once is counted as.
_STOCK = {
    Availability.OUT_OF_STOCK: ("shopify", "0", "DENY"),
    Availability.BACKORDER: ("shopify", "0", "CONTINUE"),
    Availability.PREORDER: ("shopify", "0", "CONTINUE"),
}
_UNCOUNTED = ("", "", "DENY")
# What a shop's admin fills in for whoever leaves it out.
_USUAL_OF_PRODUCT = {"Gift Card": "FALSE"}
_USUAL_OF_VARIANT = {
    "Variant Taxable": "TRUE",
    "Variant Weight Unit": "g",
    "Variant Requires Shipping": "TRUE",
    "Variant Fulfillment Service": "manual",
}
_GID = re.compile(r"^gid://shopify/TaxonomyCategory/")
_LIST = re.compile(r"\s*[;,|]\s*")
_IN_FEED = {"gender": "Google Shopping / Gender", "age_group": "Google Shopping / Age Group"}


class _Names:
    """Headers as one file writes them. Columns are asked for by their old names."""

    def __init__(self, writing: Writing) -> None:
        self.old = SHOPIFY.option(writing.options, HEADERS.name) == OLD
        self.attributes = _attribute_headers(writing, writing.attributes, shopify.PRODUCT)
        self.of_variants = _attribute_headers(writing, writing.variant_attributes, shopify.VARIANT)

    def __call__(self, old: str) -> str:
        column = shopify.column(old)
        if column is None:
            return old
        return column.old if self.old else column.new

    def kept(self, cells: Mapping[str, str]) -> dict[str, str]:
        """Cells that came in by the headers they go out under."""
        return {self(header): text for header, text in cells.items()}


def _attribute_headers(writing: Writing, names: Iterable[str], owner: str) -> dict[str, str]:
    """By attribute the metafield that holds it: the shop's own where it came with one."""
    if SHOPIFY.option(writing.options, METAFIELDS.name) == "none":
        return {}
    theirs: dict[str, str] = {}
    for header in writing.kept:
        found = shopify.metafield(header)
        if found and found.owner == owner:
            theirs.setdefault(attribute_of(found.key) or attribute_of(found.label), header)
    headers = {}
    for name in names:
        if LOCALE in name or (name in _IN_FEED and owner == shopify.PRODUCT):
            continue
        node = writing.vocabulary.attributes.get(name)
        label = label_in(node.labels, writing.catalog.language, name) if node else name
        label = re.sub(r"[()]", " ", label).strip()
        headers[name] = theirs.get(name) or shopify.metafield_header(label, name, owner)
    return headers


def headers(writing: Writing) -> list[str]:
    names = writing.once(_Names)
    own = [names(column.old) for column in shopify.COLUMNS]
    theirs = [header for header in writing.kept if shopify.column(header) is None]
    return list(
        dict.fromkeys([*own, *theirs, *names.attributes.values(), *names.of_variants.values()])
    )


def rows(record: ProductRecord, writing: Writing) -> Iterator[Row]:
    """One row a variant, and one for each photo that is left over."""
    names = writing.once(_Names)
    photos = sorted(record.photos, key=lambda photo: photo.role != PhotoRole.MAIN)
    variants = record.variants or [VariantRecord()]
    for number, (variant, photo) in enumerate(zip_longest(variants, photos)):
        row = {names("Handle"): record.key}
        if variant is not None:
            row |= _variant(record, variant, number, writing, names)
        if photo is not None:
            row |= {
                names("Image Src"): photo.source,
                names("Image Position"): str(number + 1),
                names("Image Alt Text"): photo.alt_text or "",
            }
        if number == 0:
            row |= _product(record, writing, names)
        yield row


def _product(record: ProductRecord, writing: Writing, names: _Names) -> Row:
    kept = names.kept(record.extra)
    fields = record.fields
    row = {
        "Title": fields.get("title") or "",
        "Body (HTML)": _description(fields.get("description"), kept.get(names("Body (HTML)"), "")),
        "Vendor": fields.get("brand") or "",
        "Tags": ", ".join(tag.replace(",", " ") for tag in fields.get("tags") or ()),
        "Status": _status(fields.get("status") or "", kept.get(names("Status"), "")),
        "Published": "TRUE" if fields.get("status") == ProductStatus.APPROVED else "FALSE",
        **_USUAL_OF_PRODUCT,
        **_categories(record, writing, kept, names),
    }
    written = {names(old): text for old, text in row.items()}
    # What came in stays where it means nothing here; of the rest, where there is nothing to say.
    # Of descriptions `_description` decides: one that was cleared here is not to come back.
    given = {
        header: text
        for header, text in kept.items()
        if not written.get(header) and header != names("Body (HTML)")
    }
    given |= {
        names(old): kept[names(old)] for old in ("Published", "Gift Card") if names(old) in kept
    }
    said = {names(_IN_FEED[name]): name for name in _IN_FEED}
    said |= {header: name for name, header in names.attributes.items()}
    attributes = {
        header: _values(record.attributes, name, kept.get(header, ""), writing)
        for header, name in said.items()
        if name in record.attributes
    }
    return {**written, **given, **attributes}


def _description(text: str | None, kept: str) -> str:
    """The HTML that came in, if the text is still what it says."""
    if kept and html_to_text(kept) == (text or ""):
        return kept
    return text_to_html(text) if text else ""


def _status(status: str, kept: str) -> str:
    """A shop decides itself what is on sale; what is archived here is taken off there."""
    if status == ProductStatus.ARCHIVED:
        return STATUS[ProductStatus.ARCHIVED]
    return kept or STATUS.get(ProductStatus(status or ProductStatus.DRAFT), "draft")


def _categories(
    record: ProductRecord, writing: Writing, kept: Mapping[str, str], names: _Names
) -> Row:
    path = next(iter(record.attributes.get(CATEGORY) or []), "")
    nodes = [
        node
        for step in _upwards(path)
        if (node := writing.vocabulary.categories.get(step)) is not None
    ]
    google = next((node.google_id for node in nodes if node.google_id), "")
    theirs = next((node.shopify_id for node in nodes if node.shopify_id), "")
    known = {
        "Product Category": _GID.sub("", theirs),
        "Google Shopping / Google Product Category": google,
    }
    found = {}
    for old, number in known.items():
        text = kept.get(names(old), "")
        is_same = not path or _names_category(text, path, writing)
        found[old] = text if text and (is_same or not number) else number
    label = writing.label(CATEGORY, path) if path else ""
    found["Type"] = kept.get(names("Type"), "") or label
    return found


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _names_category(text: str, path: str, writing: Writing) -> bool:
    """Whether a cell that came in means this category: by a number, or by the last of its steps."""
    node = writing.vocabulary.categories.get(path)
    if node is None or not text:
        return False
    numbers = {node.google_id, _GID.sub("", node.shopify_id)} - {""}
    last = text.rpartition(">")[2].strip().casefold()
    labels = {label.casefold() for label in node.labels.values()}
    return _GID.sub("", text.strip()) in numbers or last in labels | {path.rpartition("/")[2]}


def _values(
    attributes: Mapping[str, list[str] | None], name: str, kept: str, writing: Writing
) -> str:
    """An attribute's cell: as it came in where it still says the same, else by its labels."""
    values = attributes.get(name) or []
    if kept and _says(kept, name, values, writing):
        return kept
    if name in _IN_FEED:
        return "; ".join(value.capitalize() for value in values)
    return "; ".join(writing.label(name, value) for value in values)


def _says(text: str, name: str, values: Sequence[str], writing: Writing) -> bool:
    parts = [part.casefold() for part in _parts(text)]
    if len(parts) != len(values):
        return False
    node = writing.vocabulary.attributes.get(name)
    terms = {term.key: term for term in node.terms} if node else {}
    for part, value in zip(parts, values, strict=True):
        labels = terms[value].labels.values() if value in terms else ()
        if part not in {value.casefold(), *(label.casefold() for label in labels)}:
            return False
    return True


def _parts(text: str) -> list[str]:
    """The values of a metafield: a JSON list, or parted by semicolons."""
    if text.startswith("["):
        try:
            return [str(each) for each in json.loads(text)]
        except ValueError:
            pass
    return [part for part in _LIST.split(text.strip()) if part]


def _variant(
    record: ProductRecord, variant: VariantRecord, number: int, writing: Writing, names: _Names
) -> Row:
    kept = names.kept(variant.extra)
    fields = variant.fields
    same_money = (fields.get("currency") or "") in ("", writing.catalog.currency)
    price, before, cost = (
        (fields.get(name) or "") if same_money else ""
        for name in ("price", "compare_at_price", "cost")
    )
    availability = Availability(fields.get("availability") or Availability.IN_STOCK)
    tracker, stock, policy = _STOCK.get(availability, _UNCOUNTED)
    row = {
        "Variant SKU": fields.get("sku") or "",
        "Variant Barcode": fields.get("gtin") or "",
        "Variant Price": price,
        "Variant Compare At Price": before,
        "Cost per item": cost,
        "Variant Grams": fields.get("weight_grams") or "",
        "Google Shopping / MPN": fields.get("mpn") or "",
        "Google Shopping / Condition": fields.get("condition") or "",
        "Variant Image": _photo_of(record, variant),
        **_USUAL_OF_VARIANT,
    }
    if names("Variant Inventory Qty") not in kept:
        # The file that came in counts its stock itself, and knows it better.
        row |= {
            "Variant Inventory Tracker": tracker,
            "Variant Inventory Qty": stock,
            "Variant Inventory Policy": policy,
        }
    written = {names(old): text for old, text in row.items()}
    written |= {names(old): text for old, text in _options(record, variant, number).items()}
    given = {
        header: text
        for header, text in kept.items()
        if not written.get(header) or header in {names(old) for old in _USUAL_OF_VARIANT}
    }
    attributes = {
        header: _values(variant.attributes, name, kept.get(header, ""), writing)
        for name, header in names.of_variants.items()
        if name in variant.attributes
    }
    return {**written, **given, **attributes}


def _options(record: ProductRecord, variant: VariantRecord, number: int) -> Row:
    """Never left out. A variant among others that has no option is told by its SKU or its place."""
    row: Row = {}
    for n in (1, 2, 3):
        row[f"Option{n} Name"] = variant.fields.get(f"option{n}_name") or ""
        row[f"Option{n} Value"] = variant.fields.get(f"option{n}_value") or ""
    if not any(row.values()):
        row["Option1 Name"] = shopify.NO_OPTION_NAME
        is_only = len(record.variants) <= 1
        other = variant.fields.get("sku") or f"{shopify.NO_OPTION_VALUE} {number + 1}"
        row["Option1 Value"] = shopify.NO_OPTION_VALUE if is_only else other
    return row


def _photo_of(record: ProductRecord, variant: VariantRecord) -> str:
    own: Iterator[PhotoRecord] = (
        photo for photo in record.photos if photo.variant and photo.variant == variant.name
    )
    return next((photo.source for photo in own), "")


# By either name: whichever headers a file has.
ALWAYS = frozenset(
    header
    for column in shopify.COLUMNS
    if column.target in {"product.handle", "product.title"} or ".option" in column.target
    for header in (column.old, column.new)
)
SHOPIFY = Format(
    name="shopify",
    label="Shopify",
    purpose="For Shopify's product import. What came from Shopify goes back as it came, enriched.",
    extension="csv",
    content_type="text/csv; charset=utf-8",
    write=csv_writer(headers, rows, always=ALWAYS),
    headers=headers,
    always=ALWAYS,
    for_channel=True,
    choices=(HEADERS, METAFIELDS),
    kept="shopify",
)
