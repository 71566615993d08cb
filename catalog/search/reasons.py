"""Why a hit is there, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalog.describe.vocabulary import current
from catalog.models import Product
from catalog.search.query import Query
from catalog.search.ranking import SAME_PHOTO, Ranked

_TEXT = {
    "sku": "SKU is “{matched}”",
    "gtin": "GTIN is “{matched}”",
    "mpn": "MPN is “{matched}”",
    "title": "Title is “{matched}”",
    "words": "Has the words “{matched}”",
    "partial": "Contains “{matched}”",
    "fuzzy": "Close in spelling: “{matched}”",
}


@dataclass(frozen=True)
class Reason:
    """`kind` is one of the text matches' kinds, look, photo, like or attribute."""

    kind: str
    text: str


def reasons_of(query: Query, ranked: Ranked, product: Product) -> list[Reason]:
    """The reasons of one hit, the strongest first; the product has its details loaded."""
    reasons = []
    if ranked.text_kind:
        template = _TEXT.get(ranked.text_kind, "Has “{matched}”")
        reasons.append(Reason(ranked.text_kind, template.format(matched=ranked.matched)))
    if ranked.cosine is not None:
        reasons.append(_look(query, ranked))
    reasons += _attributes(query.words, product)
    return reasons


def _look(query: Query, ranked: Ranked) -> Reason:
    if query.photo is not None:
        if (ranked.cosine or 0.0) >= SAME_PHOTO and not query.words:
            return Reason("photo", "The same photo")
        return Reason("photo", "Looks like your photo" + (" and your words" if query.words else ""))
    if query.like is not None:
        return Reason("like", "Looks like the product")
    return Reason("look", f"Photo looks like “{query.words}”")


def _attributes(text: str, product: Product) -> list[Reason]:
    """Values whose names all stand in the text: as they are kept, or as the catalogue calls them."""
    words = {_stem(word) for word in re.findall(r"\w+", text.casefold())}
    if not words:
        return []
    language = product.catalog.language
    known = current()
    reasons = []
    for row in product.current_attributes.all():
        for value in row.value or []:
            for name in (str(value).rsplit("/", 1)[-1], known.label_of(row.field, value, language)):
                said = re.findall(r"\w+", name.casefold())
                if said and {_stem(word) for word in said} <= words:
                    field = known.field_label(row.field, language)
                    reasons.append(Reason("attribute", f"{field}: {' '.join(said)}"))
                    break
    return reasons


def _stem(word: str) -> str:
    """English singular, near enough to see that "dresses" and "dress" are the same."""
    for ending, kept in (("sses", "ss"), ("shes", "sh"), ("ies", "y")):
        if word.endswith(ending):
            return word.removesuffix(ending) + kept
    return word.removesuffix("s") if not word.endswith("ss") else word
