"""Google Merchant Center's product feed, as a table parted by tabs and as XML (RSS 2.0).

Sources: "Product data specification" (support.google.com/merchants/answer/7052112), "Title and
structured title" (6324415), "Description and structured description" (6324468), "Quoted fields"
(14998273), "Variant option" (17085214), "Availability date" (6324470), "Additional image link"
(6324370). Texts that a language model wrote go into the structured attributes with
`trained_algorithmic_media`, and then the plain ones stay empty. Cells are written as they are: Google
reads them literally, so that a guard against formulas would be part of the title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from catalog.exporting.formats.base import (
    Format,
    Records,
    Row,
    Writing,
    chosen,
    csv_writer,
    in_pieces,
)
from catalog.exporting.formats.offers import TITLES, Offer, offers
from catalog.interchange.records import ProductRecord
from catalog.models import Availability
from prodintel.lib.graphemes import cut

AI = "trained_algorithmic_media"
MAX_TITLE, MAX_DESCRIPTION, MAX_TYPE = 150, 5000, 750
MAX_TEXT, MAX_CODE = 100, 70
MAX_MATERIAL = 200
MAX_MORE_PHOTOS = 10
ALWAYS = frozenset({"id"})
HEADERS = [
    *("id", "title", "structured_title", "description", "structured_description"),
    *("link", "image_link", "additional_image_link"),
    *("availability", "availability_date", "price", "sale_price", "condition"),
    *("brand", "gtin", "mpn", "identifier_exists"),
    *("google_product_category", "product_type", "item_group_id"),
    *("item_group_title", "variant_option"),
    *("color", "size", "material", "pattern", "gender", "age_group"),
    "shipping_weight",
]
GENDERS = frozenset({"male", "female", "unisex"})
AGES = frozenset({"newborn", "infant", "toddler", "kids", "adult"})
_NAMESPACE = "http://base.google.com/ns/1.0"
_PART_OF_TEXT = re.compile(r'[:,"]')
_LINES = re.compile(r"[\t\r\n]+")


@dataclass(frozen=True)
class Written:
    """A text that a language model wrote."""

    content: str


@dataclass(frozen=True)
class Option:
    """What tells a variant from its siblings."""

    name: str
    value: str


Value = str | list[str] | list[Option] | Written
Item = dict[str, Value]


def items(record: ProductRecord, writing: Writing) -> Iterator[Item]:
    """The offers of a product by Google's names, without what is empty."""
    for offer in offers(record, writing):
        found: Item = {**_texts(offer), **_facts(offer), **_attributes(offer)}
        yield {name: value for name, value in found.items() if value}


def _texts(offer: Offer) -> Item:
    found: Item = {}
    for name, text in (
        ("title", offer.title(MAX_TITLE)),
        ("description", offer.description(MAX_DESCRIPTION)),
    ):
        if text and offer.is_ai_written(name):
            found[f"structured_{name}"] = Written(text)
        else:
            found[name] = text
    return found


def _facts(offer: Offer) -> Item:
    price, sale_price = offer.prices
    gtin, mpn = offer.of_variant("gtin"), offer.of_variant("mpn")[:MAX_CODE]
    brand = offer.field("brand")[:MAX_CODE]
    weight = offer.of_variant("weight_grams")
    return {
        "id": offer.id,
        "link": offer.field("product_url"),
        "image_link": next(iter(offer.photos), ""),
        "additional_image_link": offer.photos[1 : MAX_MORE_PHOTOS + 1],
        "availability": offer.of_variant("availability"),
        "availability_date": _date_of(offer),
        "price": price,
        "sale_price": sale_price,
        "condition": offer.of_variant("condition"),
        "brand": brand,
        "gtin": gtin,
        "mpn": mpn,
        "identifier_exists": "" if gtin or (mpn and brand) else "no",
        "google_product_category": offer.google_category,
        "product_type": offer.product_type[:MAX_TYPE],
        "item_group_id": offer.group,
        "item_group_title": _group_title(offer),
        "variant_option": [Option(name, value) for name, value in offer.options if name],
        "shipping_weight": f"{weight} g" if weight else "",
    }


def _attributes(offer: Offer) -> Item:
    gender, age = offer.key("gender").casefold(), offer.key("age_group").casefold()
    return {
        "color": offer.colors(),
        "size": offer.text("size", MAX_TEXT),
        "material": _joined(offer.texts("material", MAX_TEXT), MAX_MATERIAL),
        "pattern": offer.text("pattern", MAX_TEXT),
        "gender": gender if gender in GENDERS else "",
        "age_group": age if age in AGES else "",
    }


def _group_title(offer: Offer) -> str:
    """The title that all variants have; it has no place to say that a model wrote it."""
    if not offer.group or offer.is_ai_written("title"):
        return ""
    return cut(offer.field("title"), MAX_TITLE)


def _date_of(offer: Offer) -> str:
    """When what is not there yet can be had."""
    is_awaited = offer.of_variant("availability") in (Availability.PREORDER, Availability.BACKORDER)
    return offer.key("availability_date") if is_awaited else ""


def _joined(texts: list[str], limit: int) -> str:
    """Texts parted by slashes, as many as fit."""
    found = ""
    for text in texts:
        longer = f"{found}/{text}" if found else text
        if len(longer) > limit:
            break
        found = longer
    return found


def headers(writing: Writing) -> list[str]:
    del writing
    return list(HEADERS)


def rows(record: ProductRecord, writing: Writing) -> Iterator[Row]:
    for item in items(record, writing):
        yield {name: _cell(value) for name, value in item.items()}


def _cell(value: Value) -> str:
    if isinstance(value, Written):
        return f"{AI}:{_quoted(_LINES.sub(' ', value.content), _PART_OF_TEXT)}"
    if isinstance(value, list):
        return ",".join(_part(each) for each in value)
    return _LINES.sub(" ", value)


def _part(part: str | Option) -> str:
    if isinstance(part, Option):
        name, value = (_quoted(each, _PART_OF_TEXT) for each in (part.name, part.value))
        return f"{name}:{value}"
    return part


def _quoted(part: str, parted_by: re.Pattern[str]) -> str:
    """One part of a cell that has several, told from the others."""
    return '"' + part.replace('"', '""') + '"' if parted_by.search(part) else part


def write_xml(records: Records, writing: Writing) -> Iterator[bytes]:
    return in_pieces(_document(records, writing))


def _document(records: Records, writing: Writing) -> Iterator[str]:
    names = set(chosen(HEADERS, writing, ALWAYS))
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<rss xmlns:g={quoteattr(_NAMESPACE)} version="2.0">\n<channel>\n'
    title = escape(writing.catalog.name)
    yield f"<title>{title}</title>\n<description>{title}</description>\n"
    for record in records:
        for item in items(record, writing):
            yield "<item>\n"
            for name, value in item.items():
                if name in names:
                    yield from _elements(name, value)
            yield "</item>\n"
    yield "</channel>\n</rss>\n"


def _elements(name: str, value: Value) -> Iterator[str]:
    if isinstance(value, Written):
        yield f"<g:{name}><g:digital_source_type>{AI}</g:digital_source_type>"
        yield f"<g:content>{escape(value.content)}</g:content></g:{name}>\n"
        return
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Option):
            yield f"<g:{name}><g:name>{escape(each.name)}</g:name>"
            yield f"<g:value>{escape(each.value)}</g:value></g:{name}>\n"
        else:
            yield f"<g:{name}>{escape(each)}</g:{name}>\n"


GOOGLE = Format(
    name="google",
    label="Google Merchant (table)",
    purpose="For Google Merchant Center, as a table. What a model wrote says so, as Google asks.",
    extension="tsv",
    content_type="text/tab-separated-values; charset=utf-8",
    write=csv_writer(headers, rows, always=ALWAYS, delimiter="\t"),
    headers=headers,
    always=ALWAYS,
    for_channel=True,
    choices=(TITLES,),
)
GOOGLE_XML = Format(
    name="google-xml",
    label="Google Merchant (XML)",
    purpose="The same feed as XML, as most shop systems send it.",
    extension="xml",
    content_type="application/xml; charset=utf-8",
    write=write_xml,
    headers=headers,
    always=ALWAYS,
    for_channel=True,
    choices=(TITLES,),
)
