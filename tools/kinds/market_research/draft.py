"""The evidence in sentences, by rules: what can be said without a language model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.kinds.market_research.evidence import OWN_ONLY

Statement = dict[str, Any]
MOST = 4


def draft(facts: Mapping[str, Any]) -> dict[str, list[Statement]]:
    """An `Analysis` as JSON, each sentence with what it rests on. In English."""
    figures = {figure["name"]: figure for figure in facts["figures"]}
    return {
        "situation": list(_situation(facts, figures)),
        "gaps": list(_gaps(facts, figures)),
        "opportunities": list(_opportunities(facts, figures)),
        "risks": list(_risks(facts, figures)),
        "recommendations": list(_recommendations(facts, figures)),
    }


def _said(text: str, *cites: str) -> Statement:
    return {"text": text, "cites": list(cites), "basis": "rows"}


Figures = Mapping[str, Mapping[str, str]]


def _keys(figures: Figures, *names: str) -> list[str]:
    return [figures[name]["key"] for name in names if name in figures]


def _value(figures: Figures, name: str) -> str:
    return figures[name]["value"]


def _situation(facts: Mapping[str, Any], figures: Figures) -> Iterator[Statement]:
    own = facts["basis"] == OWN_ONLY
    others = "similar products of your own" if own else "offers of others"
    if not facts["compared"]:
        yield _said("There is nothing to compare with.", *_keys(figures, "compared"))
        return
    if "median" not in figures:
        yield _said(
            f"None of the {others} has a price in this product's currency.",
            *_keys(figures, "priced"),
        )
        return
    yield _said(
        f"The {others} with a price cost from {_value(figures, 'low')} to {_value(figures, 'high')}, "
        f"with {_value(figures, 'median')} in the middle.",
        *_keys(figures, "low", "high", "median"),
    )
    if "cheaper" not in figures:
        yield _said(
            "The product has no price, so it has no place among them.", *_keys(figures, "priced")
        )
        return
    yield _said(
        f"At {_value(figures, 'price')}, {_value(figures, 'cheaper')} are cheaper and "
        f"{_value(figures, 'dearer')} dearer; against the middle price it is "
        f"{_value(figures, 'against') if 'against' in figures else 'not to be placed'}.",
        *_keys(figures, "price", "cheaper", "dearer", "against"),
    )
    if not own and "confirmed" in figures:
        yield _said(
            f"Confirmed to be the same product: {_value(figures, 'confirmed')}; suggested and not "
            f"confirmed: {_value(figures, 'suggested')}.",
            *_keys(figures, "confirmed", "suggested"),
        )


def _gaps(facts: Mapping[str, Any], figures: Figures) -> Iterator[Statement]:
    missing = [(n, gap) for n, gap in enumerate(facts["gaps"]) if not gap["own"]]
    for number, gap in missing[:MOST]:
        values = ", ".join(f"“{one['value']}”" for one in gap["values"])
        yield _said(
            f"{_value(figures, f'gap_{number}')} give “{gap['attribute']}” ({values}); this listing "
            "does not.",
            *_keys(figures, f"gap_{number}"),
            *gap["rows"][:MOST],
        )


def _opportunities(facts: Mapping[str, Any], figures: Figures) -> Iterator[Statement]:
    claims = [(n, claim) for n, claim in enumerate(facts["claims"]) if not claim["ours"]]
    for number, claim in claims[:MOST]:
        yield _said(
            f"{_value(figures, f'claim_{number}')} claim “{claim['claim']}”. If it is true of this "
            "product, the listing can say it.",
            *_keys(figures, f"claim_{number}"),
            *claim["rows"][:MOST],
        )


def _risks(facts: Mapping[str, Any], figures: Figures) -> Iterator[Statement]:
    if "crowd_0" in figures and "spot" in figures:
        crowd = figures["crowd_0"]
        yield _said(
            f"Most crowded is {crowd['figure']}: {crowd['value']}. The product's own spot has "
            f"{_value(figures, 'spot')}.",
            *_keys(figures, "crowd_0", "spot"),
        )
    elsewhere = facts["price"]["other_currencies"]
    if elsewhere:
        yield _said(
            "Prices in other currencies are left out, so the picture is not whole.",
            *_keys(figures, "priced"),
        )


def _recommendations(facts: Mapping[str, Any], figures: Figures) -> Iterator[Statement]:
    missing = [gap["attribute"] for gap in facts["gaps"] if not gap["own"]][:MOST]
    if missing:
        named = ", ".join(f"“{name}”" for name in missing)
        yield _said(f"Fill in what others give: {named}.", *_keys(figures, "missing"))
    if figures.get("suggested", {"value": "0"})["value"] != "0":
        yield _said(
            "Confirm or reject the suggested matches: until then they do not count as the same "
            "product.",
            *_keys(figures, "suggested"),
        )
    if facts["basis"] == OWN_ONLY:
        yield _said(
            "Bring a list of competitors' offers to see the market.", *_keys(figures, "compared")
        )
    elif not missing:
        yield _said("The listing says what others say.", *_keys(figures, "missing"))
