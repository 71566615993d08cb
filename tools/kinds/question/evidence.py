"""What an answer may rest on: each thing the catalogue says of the product, with a key to cite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from catalog.describe import vocabulary
from catalog.describe.schema import PHOTO_TEXT
from catalog.models.vocabulary import label_in
from catalog.money import money_text
from tools.facts import AttributeFact, Neighbour, Neighbours, ProductFacts
from tools.kinds.base import EVIDENCE, Block, Data
from tools.prompts import Cites

NEIGHBOURS = 4
MAX_TEXT = 2_000
MAX_SHOWN = 300


@dataclass(frozen=True)
class Entry:
    """One thing the catalogue says. `field` is the ledger's, or a kind of fact of its own."""

    key: str
    field: str
    label: str
    text: str
    by: str = ""


def entries_of(facts: ProductFacts) -> list[Entry]:
    """All that is said of the product itself, in the order in which people read it."""
    columns = (
        ("title", "Title", facts.title),
        ("description", "Description", facts.description),
        ("brand", "Brand", facts.brand),
        ("category", "Category", facts.category_label),
        ("tags", "Tags", ", ".join(facts.tags)),
    )
    texts = [
        Entry(f"t{number}", field, label, text[:MAX_TEXT])
        for number, (field, label, text) in enumerate(columns, 1)
        if text
    ]
    return [*texts, *map(_attribute, facts.attributes), *_variants(facts), *_photos(facts)]


def _attribute(fact: AttributeFact) -> Entry:
    label = f"{fact.label} ({fact.locale})" if fact.locale else fact.label
    return Entry(fact.key, fact.field, label, fact.text[:MAX_TEXT], fact.by)


def _variants(facts: ProductFacts) -> Iterator[Entry]:
    for each in facts.variants:
        price = f"{money_text(each.price)} {each.currency}" if each.price is not None else ""
        before = each.compare_at_price
        told = [
            ", ".join(f"{name}: {value}" for name, value in each.options.items()),
            price,
            f"instead of {money_text(before)} {each.currency}" if before is not None else "",
            each.availability,
            f"condition: {each.condition}",
            f"{each.weight_grams} g" if each.weight_grams else "",
            f"SKU {each.sku}" if each.sku else "",
            f"GTIN {each.gtin}" if each.gtin else "",
        ]
        label = "Variant" if len(facts.variants) > 1 else "As it is sold"
        yield Entry(each.key, "variant", label, ", ".join(filter(None, told)))


def _photos(facts: ProductFacts) -> Iterator[Entry]:
    for number, each in enumerate(facts.photos, 1):
        text = each.alt_text or f"{each.role_label}, without an alternative text"
        yield Entry(each.key, "photo", f"Photo {number}", text)


def unfilled_of(facts: ProductFacts) -> list[str]:
    """Labels of what the product should say and does not; what was left empty on purpose is said."""
    words = vocabulary.current()
    said = {each.field for each in facts.attributes} | facts.emptied
    columns = {"Description": facts.description, "Brand": facts.brand}
    missing = [label for label, text in columns.items() if not text]
    if not facts.prices:
        missing.append("Price")
    return missing + [
        label_in(node.labels, facts.language, node.key.replace("_", " "))
        for node in words.attributes_of(facts.category)
        if node.key not in said and node.key != PHOTO_TEXT
    ]


def cites_of(facts: ProductFacts, entries: Sequence[Entry], near: Neighbours) -> Cites:
    """What each key stands for on a page."""
    known = facts.cites()
    texts = {
        one.key: {"label": one.label, "url": facts.url} for one in entries if one.key not in known
    }
    return {**texts, **known, **near.cites()}


def as_facts(facts: ProductFacts, near: Neighbours) -> Data:
    """The evidence as JSON: what prompts quote, rules compare and the API gives."""
    entries = entries_of(facts)
    return {
        "title": facts.title or "Untitled product",
        "entries": [asdict(one) for one in entries],
        "unfilled": unfilled_of(facts),
        "neighbours": [one.as_json() for one in near],
        "photos": [{"key": one.key, "placement": one.placement} for one in facts.photos],
        "cites": cites_of(facts, entries, near),
    }


def blocks_of(told: Data, near: Neighbours) -> list[Block]:
    """The evidence as people see it."""
    cites = told["cites"]
    rows = [
        {
            "label": {"text": one["label"], "url": cites[one["key"]]["url"]},
            "text": _short(one["text"]),
            "by": one["by"],
        }
        for one in told["entries"]
    ]
    columns = [
        {"key": "label", "label": "What"},
        {"key": "text", "label": "What the catalogue says"},
        {"key": "by", "label": "Whose word"},
    ]
    table = {"columns": columns, "rows": rows}
    blocks = [Block("says", "table", "What the catalogue says", table, part=EVIDENCE)]
    if told["unfilled"]:
        text = f"It does not say: {', '.join(told['unfilled'])}."
        blocks.append(Block("unfilled", "notice", "", {"text": text}, part=EVIDENCE))
    if near:
        blocks.append(Block("similar", "table", "Similar products", _near(near), part=EVIDENCE))
    elif near.notice:
        blocks.append(Block("similar", "notice", "", {"text": near.notice}, part=EVIDENCE))
    return blocks


def _near(near: Neighbours) -> Data:
    columns = [
        {"key": "title", "label": "Product"},
        {"key": "price", "label": "Price", "numeric": True},
        {"key": "alike", "label": "Alike in looks", "numeric": True},
    ]
    return {"columns": columns, "rows": [_near_row(one) for one in near]}


def _near_row(one: Neighbour) -> dict[str, Any]:
    price = f"{money_text(one.price)} {one.currency}" if one.price is not None else ""
    title = {"text": one.title, "url": one.url}
    return {"title": title, "price": price, "alike": f"{one.similarity:.0%}"}


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1].rstrip()}…"
