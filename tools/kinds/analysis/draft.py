"""The analysis by rules, from the evidence alone: what no rule can know is said to be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.facts import NOT_CONFIRMED
from tools.kinds.analysis.options import Options
from tools.kinds.analysis.prompting import META_LIMIT, TITLE_LIMIT
from tools.kinds.base import Data

MODEL_ONLY = (
    "Without a language model nobody has looked at the photos or judged what the product is like: "
    "there is no positioning, no audience, no new attribute, and texts only say again what the "
    "catalogue says."
)
MATERIAL = ("material", "composition")
# What makes a title say more, in this order; by the fields of the vocabulary that is shipped.
IN_TITLES = ("color", "material", "pattern", "size")
MOST = 6


def report(evidence: Mapping[str, Any]) -> Data:
    """As a model's report, without what only a model could say."""
    product = evidence["product"]
    about = [product.get(name) for name in ("brand", "title")]
    named = " ".join(filter(None, about)) or "A product without a title"
    where = f", in {product['category']}" if product.get("category") else ""
    keys = [name for name in ("brand", "title", "category") if product.get(name)]
    attributes = product["attributes"]
    return {
        "what_it_is": _claim(f"{named}{where}.", *keys),
        "features": [_said(each) for each in attributes if not _is_material(each)],
        "materials": [_said(each) for each in attributes if _is_material(each)],
        "strengths": _strengths(evidence),
        "weaknesses": _weaknesses(evidence),
        "missing": [_missing(each, product) for each in evidence["completeness"]["missing"][:MOST]],
    }


def _missing(missing: Mapping[str, Any], product: Mapping[str, Any]) -> Data:
    share = missing["share_of_similar_products_that_have_it"]
    where = "its category" if product.get("category") else "the catalogue"
    others = f": {share:.0%} of {where} have it" if share else ""
    return _claim(f"{missing['label']}{others}.", missing["key"])


def suggestions(evidence: Mapping[str, Any], options: Options) -> Data:
    """As a model's suggestions, for what the listing lacks."""
    product = evidence["product"]
    # What a machine guessed and nobody confirmed is left out of texts for shoppers.
    known = [each for each in product["attributes"] if _is_confirmed(each)]
    said = {each["field"]: each for each in known if "variant" not in each}
    product = {**product, "attributes": known}
    found: Data = {}
    if "title" in options.suggest:
        found["title"] = _title(product, said)
    if "description" in options.suggest and not product.get("description"):
        found["description"] = _description(product)
    if "meta_description" in options.suggest:
        found["meta_description"] = _meta(product)
    if "alt_text" in options.suggest:
        found["alt_text"] = _alt_texts(product, said)
    return {name: value for name, value in found.items() if value}


def _strengths(evidence: Mapping[str, Any]) -> list[Data]:
    standing, product = evidence["standing"], evidence["product"]
    own = {each["key"]: each for each in product["attributes"]}
    found = [
        _claim(f"No similar product says {own[key]['attribute']}.", key)
        for key in standing["attributes_only_it_has"][:MOST]
        if key in own
    ]
    good = [each for each in evidence["photo_quality"] if each["verdict"] == "good"]
    return found + [_claim(f"A good photo ({each['photo']}).", each["key"]) for each in good[:MOST]]


def _weaknesses(evidence: Mapping[str, Any]) -> list[Data]:
    standing = evidence["standing"]
    of = standing["compared_with"]
    found = [
        _claim(
            f"{each['how_many_have_it']} of {of} similar products say {each['attribute']}, "
            "and it does not.",
            each["key"],
        )
        for each in standing["attributes_others_have_and_it_lacks"][:MOST]
    ]
    found += [
        _claim(f"Photo {each['photo'][1:]}: {each['advice'][0]}", each["key"])
        for each in evidence["photo_quality"]
        if each["verdict"] == "poor" and each["advice"]
    ]
    if not evidence["photo_quality"]:
        found.append({"text": "It has no photo.", "cites": ["title"]})
    return found


def _title(product: Mapping[str, Any], said: Mapping[str, Mapping[str, Any]]) -> Data | None:
    """Brand and title, and then what the title does not say yet, as long as there is room."""
    title = product.get("title", "")
    if not title:
        return None
    keys = ["title"]
    brand = product.get("brand", "")
    if brand and brand.casefold() not in title.casefold():
        title, keys = f"{brand} {title}", ["brand", *keys]
    for name in IN_TITLES:
        value = said[name]["value"] if name in said else ""
        longer = f"{title}, {value}"
        if value and value.casefold() not in title.casefold() and len(longer) <= TITLE_LIMIT:
            title, keys = longer, [*keys, said[name]["key"]]
    return _claim(title, *keys) if len(keys) > 1 else None


def _description(product: Mapping[str, Any]) -> Data | None:
    attributes = product["attributes"]
    if not product.get("title") or not attributes:
        return None
    lines = [f"{each['attribute']}: {each['value']}." for each in attributes]
    keys = [each["key"] for each in attributes]
    return _claim(f"{product['title']}. {' '.join(lines)}", "title", *keys)


def _meta(product: Mapping[str, Any]) -> Data | None:
    text, keys = product.get("description", ""), ["description"]
    if not text:
        described = _description(product)
        if described is None:
            return None
        text, keys = described["text"], described["cites"]
    first = ""
    for sentence in " ".join(text.split()).split(". "):
        longer = f"{first}{sentence.rstrip('.')}. "
        if len(longer.rstrip()) > META_LIMIT:
            break
        first = longer
    return _claim(first.strip() or text, *keys)


def _alt_texts(product: Mapping[str, Any], said: Mapping[str, Mapping[str, Any]]) -> list[Data]:
    """For the photos that have none: the title and the colour, which is what is known of them."""
    title = product.get("title", "")
    color = said["color"]["value"] if "color" in said else ""
    more = f", {color}" if color and color.casefold() not in title.casefold() else ""
    return [
        {"photo": each["key"], "text": f"{title}{more}"}
        for each in product["photos"]
        if title and not each["alt_text"] and each["role"] == "main"
    ]


def _said(attribute: Mapping[str, Any]) -> Data:
    unsure = "" if _is_confirmed(attribute) else " (a machine's guess, not confirmed)"
    return _claim(f"{attribute['attribute']}: {attribute['value']}{unsure}", attribute["key"])


def _is_confirmed(attribute: Mapping[str, Any]) -> bool:
    return not attribute["by"].endswith(NOT_CONFIRMED)


def _is_material(attribute: Mapping[str, Any]) -> bool:
    return attribute.get("field") in MATERIAL


def _claim(text: str, *cites: str) -> Data:
    return {"text": text, "cites": list(cites)}
