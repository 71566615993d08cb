"""Meta's product catalogue (Facebook and Instagram shops) as CSV.

Source: "Product data specifications for catalogs" (facebook.com/business/help/120325381656392). Cells
are written as they are: Meta reads them literally.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.channels.facts import OPTION_NAMES
from catalog.exporting.formats.base import Format, Row, Writing, csv_writer
from catalog.exporting.formats.google import AGES, GENDERS
from catalog.exporting.formats.offers import TITLES, Offer, offers
from catalog.interchange.records import ProductRecord
from catalog.models import Availability

MAX_TITLE, MAX_DESCRIPTION, MAX_TEXT = 200, 9999, 200
MAX_BRAND, MAX_CODE = 100, 70
MAX_MORE_PHOTOS = 20
ALWAYS = frozenset({"id"})
HEADERS = [
    *("id", "title", "description", "availability", "condition", "price", "link", "image_link"),
    *("brand", "sale_price", "item_group_id", "google_product_category", "product_type"),
    *("additional_image_link", "gtin", "mpn", "color", "size", "material", "pattern"),
    *("gender", "age_group", "shipping_weight", "additional_variant_attribute"),
]
# Options of such names have columns of their own.
CORE = frozenset().union(*OPTION_NAMES.values()) | {"gender", "age group", "age_group"}
_PART = re.compile(r"[:,]")
AVAILABILITIES = {
    Availability.IN_STOCK: "in stock",
    Availability.OUT_OF_STOCK: "out of stock",
    Availability.PREORDER: "preorder",
    # Can be bought now, is sent in a week or two.
    Availability.BACKORDER: "available for order",
}


def headers(writing: Writing) -> list[str]:
    del writing
    return list(HEADERS)


def rows(record: ProductRecord, writing: Writing) -> Iterator[Row]:
    """One row a variant."""
    for offer in offers(record, writing):
        price, sale_price = offer.prices
        weight = offer.of_variant("weight_grams")
        gender, age = offer.key("gender").casefold(), offer.key("age_group").casefold()
        yield {
            "id": offer.id,
            "title": offer.title(MAX_TITLE),
            "description": offer.description(MAX_DESCRIPTION),
            "availability": AVAILABILITIES.get(
                Availability(offer.of_variant("availability") or Availability.IN_STOCK), ""
            ),
            "condition": offer.of_variant("condition"),
            "price": price,
            "link": offer.field("product_url"),
            "image_link": next(iter(offer.photos), ""),
            "brand": offer.field("brand")[:MAX_BRAND],
            "sale_price": sale_price,
            "item_group_id": offer.group,
            "google_product_category": offer.google_category,
            "product_type": offer.product_type,
            "additional_image_link": ",".join(offer.photos[1 : MAX_MORE_PHOTOS + 1]),
            "gtin": offer.of_variant("gtin"),
            "mpn": offer.of_variant("mpn")[:MAX_CODE],
            "color": offer.colors(),
            "size": offer.text("size", MAX_TEXT),
            "material": ", ".join(offer.texts("material", MAX_TEXT))[:MAX_TEXT],
            "pattern": offer.text("pattern", MAX_TEXT),
            "gender": gender if gender in GENDERS else "",
            "age_group": age if age in AGES else "",
            "shipping_weight": f"{weight} g" if weight else "",
            "additional_variant_attribute": _options(offer),
        }


def _options(offer: Offer) -> str:
    """What tells a variant from its siblings beside what has a column: Scent:Rose,Burns:8 hours."""
    return ",".join(
        f"{_PART.sub(' ', name)}:{_PART.sub(' ', value)}"
        for name, value in offer.options
        if name and name.casefold() not in CORE
    )


META = Format(
    name="meta",
    label="Meta catalogue",
    purpose="For shops on Facebook and Instagram.",
    extension="csv",
    content_type="text/csv; charset=utf-8",
    write=csv_writer(headers, rows, always=ALWAYS),
    headers=headers,
    always=ALWAYS,
    for_channel=True,
    choices=(TITLES,),
)
