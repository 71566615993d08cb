"""Which column of a file holds what, by its heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.text import slugify

from catalog.textsearch.normalise import fold
from tools.competitors.cells import CODES

FIELDS = (
    "title",
    "brand",
    "gtin",
    "price",
    "currency",
    "url",
    "claims",
    "seller",
    "seen_on",
    "attributes",
)
MAX_HEADING = 60
# Headings as people and shops write them, in a few languages; the first one found wins.
_NAMES = {
    "title": (
        "title product_title product product_name name item item_name article artikel titel "
        "produkt produktname bezeichnung nom titre produit nombre titulo producto nome prodotto"
    ),
    "brand": "brand brand_name marke marque marca manufacturer hersteller vendor maker fabricant",
    "gtin": "gtin ean ean13 ean_13 gtin13 gtin_13 gtin14 upc barcode bar_code strichcode isbn",
    "price": (
        "price sale_price current_price preis verkaufspreis vk prix precio prezzo amount price_eur "
        "price_usd price_gbp price_chf preis_eur"
    ),
    "currency": "currency currency_code waehrung wahrung devise moneda valuta price_currency",
    "url": "url link product_url product_link address website adresse lien enlace permalink",
    "claims": (
        "claims claim selling_points features highlights bullets bullet_points description "
        "beschreibung usp usps aussagen argumente vorteile descripcion descrizione"
    ),
    "seller": (
        "seller source shop store merchant retailer competitor haendler handler anbieter verkaeufer "
        "verkaufer quelle wettbewerber konkurrent vendeur magasin tienda vendedor"
    ),
    "seen_on": "date seen_on seen as_of datum stand fecha data date_seen checked_on scraped_at",
    "attributes": "attributes attribute properties specs specifications eigenschaften merkmale",
}
_FIELD_OF = {name: field for field, names in _NAMES.items() for name in names.split()}
_CURRENCY_IN_HEADING = re.compile(r"(?:[\s(\[/-]([A-Z]{3})[\s)\]]*|_([A-Za-z]{3}))$")


@dataclass(frozen=True)
class Columns:
    """Where each field stands, by its index; `others` are attributes: index to heading.

    `currency` is the one that the price's heading names, such as "Price (EUR)".
    """

    at: dict[str, int] = field(default_factory=dict)
    others: dict[int, str] = field(default_factory=dict)
    currency: str = ""


def guessed(headings: Sequence[str]) -> Columns:
    """Which column holds what. A heading that says nothing known names an attribute."""
    at: dict[str, int] = {}
    others: dict[int, str] = {}
    currency = ""
    for index, heading in enumerate(headings):
        plain = " ".join(heading.split())
        named = _field(plain)
        if named and named not in at:
            at[named] = index
            if named == "price":
                currency = _currency(plain)
        elif plain:
            others[index] = _attribute_name(plain)[:MAX_HEADING]
    return Columns(at, {index: name for index, name in others.items() if name}, currency)


def _field(heading: str) -> str:
    """The field that a heading names, "" for none."""
    key = slugify(fold(heading)).replace("-", "_")
    # Without the currency that stands in it.
    shorter = re.sub(r"(?:_in)?_[a-z]{3}$", "", key) if _currency(heading) else key
    return _FIELD_OF.get(key) or _FIELD_OF.get(shorter, "")


def _currency(heading: str) -> str:
    found = _CURRENCY_IN_HEADING.search(heading)
    code = (found.group(1) or found.group(2)).upper() if found else ""
    return code if code in CODES else ""


def _attribute_name(heading: str) -> str:
    """A heading such as “attribute:Material” without what only says that it is one."""
    return re.sub(r"^(?:attribute|attr|property)\s*[:._-]\s*", "", heading, flags=re.IGNORECASE)
