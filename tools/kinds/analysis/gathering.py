"""The evidence of an analysis: facts with keys to cite, and the blocks that show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.models import Product
from catalog.money import money_text
from catalog.vision.quality import Verdict
from tools.charts import AxisPoint, Marker, Strip
from tools.evidence import (
    Neighbour,
    ProductFacts,
    neighbours_of,
    openable_placements,
    product_facts,
)
from tools.kinds.analysis.completeness import Completeness, completeness_of
from tools.kinds.analysis.photos import MOST_MEASURED, PhotoQuality, qualities_of
from tools.kinds.analysis.standing import PriceStanding, Standing, standing_of
from tools.kinds.base import EVIDENCE, Block, Evidence
from tools.prompts import Cites

NEIGHBOURS = 8
TONES = {Verdict.GOOD: "good", Verdict.FAIR: "warning", Verdict.POOR: "bad", Verdict.NONE: ""}
WORSE = frozenset({Verdict.FAIR, Verdict.POOR})


@dataclass(frozen=True)
class Gathered:
    facts: ProductFacts
    completeness: Completeness
    photos: tuple[PhotoQuality, ...]
    standing: Standing

    def cites(self) -> Cites:
        url = self.facts.url
        found: Cites = {**self.facts.cites(), **self.standing.neighbours.cites()}
        for missing in self.completeness.missing:
            found[missing.key] = {"label": f"{missing.label} is missing", "url": url}
        for gap in self.standing.gaps:
            label = (
                f"{gap.have} of {len(self.standing.neighbours)} similar products say {gap.label}"
            )
            found[gap.key] = {"label": label, "url": url}
        for photo in self.photos:
            number = photo.fact.key.removeprefix("p")
            found[f"q{number}"] = {"label": f"Photo {number}: {photo.text}", "url": url}
        if self.standing.price is not None:
            found["price"] = {"label": self.standing.price.text, "url": url}
        return found


def gather(product: Product) -> Evidence:
    """All evidence of a product. Raises Product.DoesNotExist once it is deleted."""
    facts = product_facts(product)
    found = Gathered(
        facts=facts,
        completeness=completeness_of(product, facts),
        photos=qualities_of(facts.photos, openable_placements(product)),
        standing=standing_of(facts, neighbours_of(product, NEIGHBOURS)),
    )
    return Evidence(as_json(found), blocks_of(found))


def as_json(found: Gathered) -> dict[str, Any]:
    """What the API gives and prompts quote."""
    return {
        "product": found.facts.as_json(),
        "completeness": found.completeness.as_json(),
        "photo_quality": [
            {
                "key": each.fact.key.replace("p", "q"),
                "photo": each.fact.key,
                "verdict": str(each.quality.verdict) if each.quality else "",
                "score": round(each.quality.score, 2) if each.quality else None,
                "found": each.text,
                "advice": list(each.quality.advice) if each.quality else [each.problem],
            }
            for each in found.photos
        ],
        # For programs; what prompts are told of photos is above.
        "photo_measures": {
            each.fact.key: {
                aspect.key: {"verdict": str(aspect.verdict), "measure": aspect.measure}
                for aspect in (each.quality.aspects if each.quality else ())
            }
            for each in found.photos
        },
        "standing": found.standing.as_json(),
        "neighbours": [each.as_json() for each in found.standing.neighbours],
        "photo_ids": {each.key: each.photo for each in found.facts.photos},
        "category": found.facts.category,
        "cites": found.cites(),
    }


def blocks_of(found: Gathered) -> list[Block]:
    standing = found.standing
    blocks = [_completeness(found.completeness, found.facts)]
    if found.photos:
        blocks += [_photos(found.photos, len(found.facts.photos)), _measures(found.photos)]
    else:
        blocks.append(_notice("photos", "The product has no photo.", "warning"))
    if standing.neighbours:
        blocks.append(_neighbours(standing.neighbours.found, found.facts))
        blocks += [_gaps(standing)] if standing.gaps else []
        blocks += [_prices(standing.price)] if standing.price else []
    if standing.neighbours.notice:
        blocks.append(_notice("neighbours-notice", standing.neighbours.notice, "info"))
    return blocks


def _completeness(found: Completeness, facts: ProductFacts) -> Block:
    where = f"in {facts.category_label}" if facts.category else "of the catalogue"
    rows = [
        {"field": {"text": each.label, "tone": "warning"}, "others": f"{each.others:.0%}"}
        for each in found.missing
    ]
    if found.without_alt_text:
        text = f"Alternative text of {found.without_alt_text} of {len(facts.photos)} photos"
        rows.append({"field": {"text": text, "tone": "warning"}, "others": ""})
    caption = f"{found.known} of {found.of} fields say something ({found.share:.0%})."
    columns = [
        {"key": "field", "label": "Missing"},
        {"key": "others", "label": f"Products {where} that have it", "numeric": True},
    ]
    data = {"caption": caption, "columns": columns, "rows": rows}
    return Block("completeness", "table", "What the listing lacks", data, part=EVIDENCE)


def _photos(photos: Sequence[PhotoQuality], there: int) -> Block:
    shown = [
        {
            "placement": each.fact.placement,
            "photo": each.fact.photo,
            "caption": f"Photo {number} ({each.fact.role_label.lower()}): "
            f"{each.quality.verdict if each.quality else 'cannot be opened'}",
            "tone": TONES[each.quality.verdict] if each.quality else "bad",
        }
        for number, each in enumerate(photos, 1)
    ]
    title = "Photos" if there <= MOST_MEASURED else f"Photos: the first {MOST_MEASURED} of {there}"
    return Block("photos", "photos", title, {"photos": shown}, part=EVIDENCE)


def _measures(photos: Sequence[PhotoQuality]) -> Block:
    """What could be better of each photo, with advice, and what is good of it in one line."""
    items: list[dict[str, Any]] = []
    for number, photo in enumerate(photos, 1):
        if photo.quality is None:
            text = f"Photo {number} cannot be opened."
            items.append({"text": text, "note": photo.problem, "tone": "bad"})
            continue
        worse = [each for each in photo.quality.aspects if each.verdict in WORSE]
        good = [each for each in photo.quality.aspects if each.verdict not in WORSE]
        items += [
            {
                "text": f"Photo {number}, {each.label.lower()} {each.verdict}: {each.measure}.",
                "note": each.advice,
                "tone": TONES[each.verdict],
            }
            for each in worse
        ]
        if good:
            told = "; ".join(f"{each.label.lower()}: {each.measure}" for each in good)
            items.append({"text": f"Photo {number}, {told}.", "tone": "good"})
    title = "Photo quality, measured from the pixels"
    return Block("photo-quality", "points", title, {"items": items}, part=EVIDENCE)


def _neighbours(found: Sequence[Neighbour], facts: ProductFacts) -> Block:
    currency = next(iter(facts.prices), facts.currency)
    rows = [
        {
            "title": {"text": each.title, "url": each.url},
            "category": each.category_label,
            "price": money_text(each.prices[currency][0]) if currency in each.prices else "",
            "alike": f"{each.similarity:.2f}",
        }
        for each in found
    ]
    columns = [
        {"key": "title", "label": "Product"},
        {"key": "category", "label": "Category"},
        {"key": "price", "label": f"Price in {currency}", "numeric": True},
        {"key": "alike", "label": "Alike, 0 to 1", "numeric": True},
    ]
    caption = "The products of your own catalogue that look most like it: not the market."
    data = {"caption": caption, "columns": columns, "rows": rows}
    return Block("neighbours", "table", "Similar products", data, part=EVIDENCE)


def _gaps(standing: Standing) -> Block:
    of = len(standing.neighbours)
    rows = [
        {
            "attribute": {"text": each.label, "tone": "warning"},
            "have": f"{each.have} of {of}",
            "values": ", ".join(each.values),
        }
        for each in standing.gaps
    ]
    columns = [
        {"key": "attribute", "label": "Attribute"},
        {"key": "have", "label": "Similar products", "numeric": True},
        {"key": "values", "label": "Their values"},
    ]
    data = {"columns": columns, "rows": rows}
    return Block("gaps", "table", "What similar products say and it does not", data, part=EVIDENCE)


def _prices(price: PriceStanding) -> Block:
    def point(label: str, value: Any, *, mark: bool = False) -> AxisPoint:
        return AxisPoint(
            value=value, label=label, text=f"{money_text(value)} {price.currency}", mark=mark
        )

    points = [point(title, value) for title, value, _ in price.others]
    chart = Strip(
        label="Price among similar products",
        summary=f"The product costs {price.text}.",
        unit=price.currency,
        points=[point("This product", price.own, mark=True), *points],
        markers=[
            Marker(
                value=price.middle,
                label="Median of the others",
                text=f"{money_text(price.middle)} {price.currency}",
            )
        ],
    )
    data = chart.model_dump(mode="json")
    return Block("price", "chart", "Price among similar products", data, part=EVIDENCE)


def _notice(block_id: str, text: str, level: str) -> Block:
    return Block(block_id, "notice", "", {"level": level, "text": text}, part=EVIDENCE)
