"""What a listing lacks, by the same measure as the insights of its catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalog.browsing.filters import COLUMNS, PRICE
from catalog.describe import vocabulary
from catalog.describe.schema import PHOTO_TEXT
from catalog.insights import insights_of
from catalog.models import Product
from catalog.models.vocabulary import label_in
from tools.evidence import ProductFacts


@dataclass(frozen=True)
class Missing:
    """A field without a value. `others` is the share of products that have one, of those of its
    category that could; `attribute` says whether it is one of the vocabulary.
    """

    key: str
    field: str
    label: str
    others: float
    attribute: bool


@dataclass(frozen=True)
class Completeness:
    """Of `of` fields that such a product should say something of, `known` do. What most of the
    others have comes first. A field that was left empty on purpose is known.
    """

    known: int
    of: int
    missing: tuple[Missing, ...]
    without_alt_text: int = 0

    @property
    def share(self) -> float:
        return self.known / self.of if self.of else 1.0

    def as_json(self) -> dict[str, Any]:
        return {
            "filled": self.known,
            "of": self.of,
            "photos_without_alt_text": self.without_alt_text,
            "missing": [
                {
                    "key": each.key,
                    "field": each.field,
                    "label": each.label,
                    "share_of_similar_products_that_have_it": round(each.others, 2),
                }
                for each in self.missing
            ],
        }


def completeness_of(product: Product, facts: ProductFacts) -> Completeness:
    """In the queries of the insights, which are kept for some seconds."""
    words = vocabulary.current()
    labels = {name: name.capitalize() for name in (*COLUMNS, PRICE)}
    attributes = {
        node.key: label_in(node.labels, facts.language, node.key.replace("_", " "))
        for node in words.attributes_of(facts.category)
        # What is written in a photo: most have nothing to say there.
        if node.key != PHOTO_TEXT
    }
    said = {
        "title": bool(facts.title),
        "description": bool(facts.description),
        "brand": bool(facts.brand),
        "category": bool(facts.category),
        PRICE: bool(facts.prices),
        **{
            key: key in facts.emptied or any(each.field == key for each in facts.attributes)
            for key in attributes
        },
    }
    shares = insights_of(product.catalog, facts.category).fields
    others = {name: shares[name].known / shares[name].of for name in said if _counted(shares, name)}
    lacking = sorted(
        (name for name, is_said in said.items() if not is_said),
        key=lambda name: -others.get(name, 0.0),
    )
    return Completeness(
        known=sum(said.values()),
        of=len(said),
        missing=tuple(
            Missing(
                key=f"m{number}",
                field=name,
                label=attributes.get(name) or labels[name],
                others=others.get(name, 0.0),
                attribute=name in attributes,
            )
            for number, name in enumerate(lacking, 1)
        ),
        without_alt_text=sum(not each.alt_text for each in facts.photos),
    )


def _counted(shares: Any, name: str) -> bool:
    return name in shares and shares[name].of > 0
