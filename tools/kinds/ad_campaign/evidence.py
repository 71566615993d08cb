"""What a campaign starts from: the facts that its texts may rest on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.describe import vocabulary
from catalog.models import Product
from catalog.money import money_text
from tools.evidence import ProductFacts, product_facts
from tools.facts import AttributeFact, VariantFact
from tools.kinds.ad_campaign.options import Options
from tools.kinds.ad_campaign.support import (
    OFFER,
    Fact,
    Lexicon,
    Price,
    Support,
    claim_groups,
    term_groups,
)
from tools.kinds.base import EVIDENCE, Block, Evidence

# What stands in a photo, and whom a machine thinks the product is for, are no facts about it.
NO_FACTS = frozenset({"photo_text", "target_audience", "positioning"})
# Of what shoppers would call a lie first: the words for these are looked for in every text.
CHECKED_TERMS = ("material", "color")
SHOWN_CHARACTERS = 300


def gathered(product: Product, options: Options) -> Evidence:
    """The product's facts and prices, and the offer, as JSON that `support_of` reads."""
    known = product_facts(product)
    facts = list(_facts(known))
    if options.offer:
        facts.append(Fact(key=OFFER, label="Offer", text=options.offer))
    prices = list(_prices(known))
    names = {known.brand, known.title, *(each.sku for each in known.variants)}
    found = {
        "title": known.title,
        "brand": known.brand,
        "category": known.category_label,
        "language": options.language or known.language,
        "catalog_language": known.language,
        "product_url": known.product_url,
        "skus": [each.sku for each in known.variants if each.sku] or [str(known.id)],
        "photo": known.photos[0].photo if known.photos else None,
        "facts": [fact.model_dump() for fact in facts],
        "prices": [price.model_dump(mode="json") for price in prices],
        "names": sorted({word for name in names for word in re.findall(r"\w+", name)}),
    }
    return Evidence(found, [_block(facts, prices)])


def support_of(evidence: Mapping[str, Any]) -> Support:
    """What texts may rest on, from a run's evidence."""
    return Support(
        tuple(Fact.model_validate(fact) for fact in evidence["facts"]),
        tuple(Price.model_validate(price) for price in evidence["prices"]),
        frozenset(evidence["names"]),
    )


def lexicon(evidence: Mapping[str, Any]) -> Lexicon:
    """The words that are looked for in texts: shipped claims, and the vocabulary's own terms, in
    English and in the languages of the ads and of the catalogue. What is gold in one language is
    "or" in another.
    """
    tags = (str(evidence.get(name) or "en") for name in ("language", "catalog_language"))
    languages = {"en", *(tag.partition("-")[0] for tag in tags)}
    attributes = vocabulary.current().attributes
    nodes = [attributes[key] for key in CHECKED_TERMS if key in attributes]
    terms = {
        f"{node.key}:{term.key}": tuple(
            text for tag, text in term.labels.items() if tag.partition("-")[0] in languages
        )
        for node in nodes
        for term in node.terms
    }
    return Lexicon(claim_groups(), term_groups(terms))


def _facts(known: ProductFacts) -> Iterator[Fact]:
    cites = known.cites()
    texts = {
        "title": ("Title", known.title),
        "description": ("Description", known.description),
        "brand": ("Brand", known.brand),
        "category": ("Category", known.category_label),
        "tags": ("Tags", ", ".join(known.tags)),
    }
    for key, (label, text) in texts.items():
        if text:
            yield Fact(key=key, label=label, text=text, url=cites[key]["url"])
    for each in known.attributes:
        if each.field not in NO_FACTS:
            yield _attribute(each, cites[each.key]["url"])
    for variant in known.variants:
        yield Fact(
            key=variant.key,
            label=f"Variant {variant.label}" if len(known.variants) > 1 else "As it is sold",
            text=_variant_text(variant),
            url=cites[variant.key]["url"],
        )


def _attribute(each: AttributeFact, url: str) -> Fact:
    return Fact(key=each.key, label=each.label, text=each.text, url=url, unsure=not each.confirmed)


def _variant_text(variant: VariantFact) -> str:
    parts = [f"{name}: {value}" for name, value in variant.options.items()]
    if variant.price is not None:
        parts.append(f"{variant.currency} {money_text(variant.price)}")
    if variant.weight_grams:
        parts.append(f"{variant.weight_grams} g")
    return ", ".join([*parts, variant.availability])


def _prices(known: ProductFacts) -> Iterator[Price]:
    for variant in known.variants:
        if variant.price is not None:
            yield Price(
                key=variant.key,
                amount=variant.price,
                currency=variant.currency,
                before=variant.compare_at_price,
            )


def _block(facts: list[Fact], prices: list[Price]) -> Block:
    reduced = [price for price in prices if price.saved]
    items = [
        {
            "label": fact.label,
            "value": fact.text[:SHOWN_CHARACTERS],
            "note": "a machine's guess, not confirmed" if fact.unsure else "",
        }
        for fact in facts
    ]
    items += [
        {
            "label": "Reduced from",
            "value": f"{price.currency} {money_text(price.before)}",
            "note": f"{price.percent_off:.0f} % off",
        }
        for price in reduced[:1]
    ]
    return Block("facts", "key_values", "What the ads may rest on", {"items": items}, part=EVIDENCE)
