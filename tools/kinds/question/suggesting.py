"""Questions worth asking, by rules: what the product says, what it should, and what it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

MOST = 5
# By the first step of a category's path.
BY_CATEGORY = {
    "clothing": "How does it fit, and how is it cared for?",
    "shoes": "How does it fit, and what is the sole made of?",
    "accessories": "What does it go well with?",
    "bags": "What fits into it, and how is it closed?",
    "jewellery": "What is it made of, and may it get wet?",
    "furniture": "How large is it, and does it have to be assembled?",
    "kitchen": "Is it dishwasher safe?",
    "tableware": "Is it dishwasher safe?",
    "lighting": "Which bulb does it take, and how is it powered?",
    "electronics": "How is it powered, and what comes with it?",
    "computers": "What are its connections, and what comes with it?",
    "phones": "Which devices does it fit?",
    "audio": "How is it connected, and how is it powered?",
    "toys": "From which age is it suitable?",
    "baby": "From which age is it suitable, and how is it cleaned?",
    "beauty": "What is in it, and for whom is it?",
    "food": "What is in it, and which allergens does it have?",
    "garden": "Can it stay outdoors in winter?",
    "outdoor": "Is it waterproof, and how much does it weigh?",
    "sports": "For which level is it made?",
    "textiles": "How large is it, and how is it washed?",
    "decor": "How large is it, and where does it go?",
    "tools": "What is it for, and what comes with it?",
    "office": "What size is it, and does it need anything else?",
    "books": "What is it about, and for whom?",
    "pets": "For which animals and sizes is it suitable?",
}


def suggested(facts: Mapping[str, Any], path: str, asked: Collection[str] = ()) -> list[str]:
    """At most five questions that were not asked yet. `path` is the category's, "" for none."""
    done = {one.casefold() for one in asked}
    fresh = [one for one in _questions(facts, path) if one.casefold() not in done]
    return list(dict.fromkeys(fresh))[:MOST]


def _questions(facts: Mapping[str, Any], path: str) -> Iterator[str]:
    fields = {one["field"] for one in facts["entries"]}
    variants = [one for one in facts["entries"] if one["field"] == "variant"]
    if "material" in fields or "composition" in fields:
        yield "What is it made of, and who says so?"
    elif "photo" in fields:
        yield "What does it seem to be made of?"
    if by_category := BY_CATEGORY.get(path.partition("/")[0]):
        yield by_category
    if facts["unfilled"]:
        yield "What would a shopper ask that the catalogue does not say?"
    if len(variants) > 1:
        yield "Which variants are there, and what do they cost?"
    yield "How does it differ from similar products?"
    if "photo" in fields:
        yield "What do the photos show that the description does not say?"
    yield "Who is it for?"
