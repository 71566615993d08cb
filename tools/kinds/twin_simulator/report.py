"""What comes of a rehearsal, as blocks: figures of the simulation, and what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.kinds.base import Block, Data
from tools.kinds.twin_simulator.answers import Answers
from tools.kinds.twin_simulator.claims import LEFT_OUT
from tools.kinds.twin_simulator.gate import Gate, Rater, scale
from tools.kinds.twin_simulator.listing import CONTROL, Listing, parts_of
from tools.kinds.twin_simulator.preference import (
    FEWEST,
    Difference,
    Interval,
    differences,
    means,
    noise_floor,
)
from tools.kinds.twin_simulator.similarity import Array, ratings

REPEATABILITY = (
    "Intervals are repeatability of this simulation, not accuracy: where the figures would lie in 95 "
    "of 100 repetitions with other shoppers drawn from the same panel. They say nothing about people."
)
FEW = (
    "Shoppers whose reactions could be rated: {count}. With fewer than {fewest}, intervals look "
    "narrower than they are, and no difference counts."
)
SPLIT = "The listing was shown twice: whoever likes it best chose one of its two rows."
MOST_POINTS, MOST_QUOTES = 24, 12
# The blocks of figures, in their order, with their titles.
FIGURES = {
    "received": "Reactions, by twin",
    "differences": "Against the listing as it is",
    "favourites": "Favourites in the simulation",
}


@dataclass(frozen=True)
class Figures:
    """How the twins were received on the scale, by twin, and how much of that is noise."""

    spread: Array
    """(twins, 5): answers of the scale, summed over shoppers and rounds."""
    mean: Sequence[Interval]
    against_listing: Sequence[Difference]
    floor: float | None
    gate: Gate
    shoppers: int


def figures(
    answers: Answers, rated: Mapping[tuple[int, int, int], Array], gate: Gate, *, seed: int
) -> Figures:
    """Figures of all reactions that could be rated; `rated` has the spread of each (5,)."""
    spread = np.zeros((len(answers.twins), len(scale().answers)))
    for (_, _, twin), each in rated.items():
        spread[twin] += each
    values = answers.grid({place: float(ratings(each)) for place, each in rated.items()})
    floor = None
    if CONTROL in answers.twins:
        control = list(answers.twins).index(CONTROL)
        floor = noise_floor(values[..., 0], values[..., control], seed=seed)
    against = differences(values, list(answers.twins)[1:], seed=seed, floor=floor)
    shoppers = len({shopper for shopper, _, _ in rated})
    return Figures(spread, means(values, seed=seed), against, floor, gate, shoppers)


def rated_by(rater: Rater, embed: Any, answers: Answers) -> dict[tuple[int, int, int], Array]:
    """Where each reaction lies on the scale. Raises EngineError."""
    texts = answers.texts()
    if not texts:
        return {}
    return dict(zip(texts, rater.rate(embed, list(texts.values())), strict=True))


def received(found: Figures, labels: Mapping[str, str], twins: Sequence[str]) -> Block:
    """The distribution of each twin, with the table behind it."""
    answers = scale().answers
    rows, table = [], []
    for key, spread, mean in zip(twins, found.spread, found.mean, strict=True):
        if not spread.sum():
            continue
        text = f"{mean.value:.1f} ({mean.low:.1f} to {mean.high:.1f})"
        rows.append(
            {
                "label": labels[key],
                "counts": [round(float(each), 3) for each in spread],
                "mean": mean.value,
                "low": mean.low,
                "high": mean.high,
                "text": text,
                "mark": key == twins[0],
            }
        )
        cells = {f"answer{n}": f"{each:.1f}" for n, each in enumerate(spread)}
        table.append({"twin": labels[key], **cells, "mean": text})
    columns = [
        {"key": "twin", "label": "Twin"},
        *({"key": f"answer{n}", "label": name, "numeric": True} for n, name in enumerate(answers)),
        {"key": "mean", "label": "Mean of 1 to 5 (interval)", "numeric": True},
    ]
    data = {
        "chart": "distribution",
        "label": "How the twins were received in the simulation",
        "summary": _summary(rows),
        "scale": list(answers),
        "rows": rows,
        "table": {
            "columns": columns,
            "rows": table,
            "caption": "Reactions by what their words are like",
        },
    }
    return Block("received", "chart", FIGURES["received"], data)


def _summary(rows: Sequence[Mapping[str, Any]]) -> str:
    each = "; ".join(f"{row['label']} {row['text']}" for row in rows)
    return f"Mean of 1 (put off) to 5 (delighted) with its interval: {each}."


def compared(found: Figures, labels: Mapping[str, str]) -> Block:
    """Each twin against the listing, in words, with what is noise."""
    items = [
        _comparison(each, labels[each.twin], found.floor)
        for each in found.against_listing
        if each.twin != CONTROL and not np.isnan(each.value.value)
    ]
    items.append(_noise(found.floor))
    if found.shoppers < FEWEST:
        items.append({"text": FEW.format(count=found.shoppers, fewest=FEWEST), "tone": "warning"})
    items.append({"text": REPEATABILITY, "note": found.gate.reason})
    return Block("differences", "points", FIGURES["differences"], {"items": items})


def _comparison(difference: Difference, label: str, floor: float | None) -> Data:
    value = difference.value
    figure = f"{value.value:+.2f} on the scale of 1 to 5 ({value.low:+.2f} to {value.high:+.2f})"
    if difference.clear:
        better = value.value > 0
        text = f"“{label}” was received {'better' if better else 'worse'} in this simulation: {figure}."
        return {"text": text, "tone": "good" if better else "bad"}
    if floor is None:
        return {
            "text": f"“{label}”: {figure}. Without the control, nobody can tell this from noise."
        }
    return {
        "text": f"“{label}” is indistinguishable from the listing in this simulation: {figure}."
    }


def _noise(floor: float | None) -> Data:
    if floor is None:
        return {"text": "The control was off, so it is not known how large the noise is."}
    text = (
        f"Noise floor: {floor:.2f}. So far apart the same listing lies from itself when it is shown "
        "twice; smaller differences mean nothing."
    )
    return {
        "text": text,
        "note": "A shopper sees both in one sitting and may notice: take small differences with care, "
        "and ask in more rounds.",
    }


def favourites(answers: Answers, labels: Mapping[str, str], *, seed: int) -> Block:
    """How often each twin was the favourite, within the simulation."""
    chosen = answers.favourites()
    said = int((~np.isnan(chosen[..., 0])).sum())
    rows = [
        {
            "twin": labels[key],
            "favourite": f"{round(each.value * said)} of {said}",
            "interval": f"{each.low * said:.0f} to {each.high * said:.0f}",
        }
        for key, each in zip(answers.twins, means(chosen, seed=seed), strict=True)
        if said
    ]
    columns = [
        {"key": "twin", "label": "Twin"},
        {"key": "favourite", "label": "Favourite of simulated shoppers", "numeric": True},
        {"key": "interval", "label": "Interval (repeatability)", "numeric": True},
    ]
    caption = "Preference within the simulation. Repeatability of this simulation, not accuracy."
    if CONTROL in answers.twins:
        caption = f"{caption} {SPLIT}"
    data = {"caption": caption, "columns": columns, "rows": rows}
    return Block("favourites", "table", FIGURES["favourites"], data)


def objections(answers: Answers) -> Block:
    items = [
        {"text": each["text"], "note": _by(card["name"], each["label"]), "tone": "warning"}
        for card in answers.cards.values()
        for each in card["objections"]
        if each["text"] != LEFT_OUT
    ]
    return Block("objections", "points", "Objections", {"items": items[:MOST_POINTS]})


def questions(answers: Answers) -> Block:
    items = [
        {"text": text, "note": card["name"]}
        for card in answers.cards.values()
        for text in card["questions"]
        if text != LEFT_OUT
    ]
    return Block("questions", "points", "Questions", {"items": items[:MOST_POINTS]})


def quotes(answers: Answers) -> Block:
    """One thing that each shopper said of each twin."""
    found = [
        {"text": each["text"], "by": card["name"], "about": each["label"]}
        for card in answers.cards.values()
        for each in card["reactions"]
        if each["twin"] != CONTROL and each["text"] and each["text"] != LEFT_OUT
    ]
    return Block("quotes", "quotes", "In their words", {"quotes": found[:MOST_QUOTES]})


def _by(name: str, label: str) -> str:
    return f"{name}, on “{label}”" if label else name


def to_use(
    twins: Sequence[Listing], *, variant: int | None, locale: str, attributes: frozenset[str]
) -> Block:
    """What the twins change, ready to be used. A photo is moved on the product's page."""
    fields = [
        field
        for twin in twins
        for each in twin.changed
        if (field := _field(twin, each.field, each.value, variant, locale, attributes))
    ]
    return Block("use", "fields", "What the twins change", {"fields": fields})


def _field(
    twin: Listing,
    name: str,
    value: str,
    variant: int | None,
    locale: str,
    attributes: frozenset[str],
) -> Data | None:
    shared: Data = {
        "key": f"{twin.key}-{name}",
        "field": name,
        "note": f"Twin {twin.key}: {twin.label}",
    }
    if name == "price":
        return {**shared, "label": "Price", "value": value, "variant": variant}
    if name == "claim":
        text = "\n\n".join(filter(None, (twin.description, value)))
        return {
            **shared,
            "field": "description",
            "label": "Description with the claim",
            "value": text,
            "locale": locale,
        }
    if name in {"title", "description"}:
        return {**shared, "label": name.capitalize(), "value": value, "locale": locale}
    if name in attributes:
        parts = parts_of(value)
        label = twin.attributes[name][0]
        return {**shared, "label": label, "value": parts[0] if len(parts) == 1 else parts}
    return None


def rows_of(answers: Answers, rated: Mapping[tuple[int, int, int], Array]) -> list[Data]:
    """Each reaction with its place on the scale, for the API and for a file."""
    found = []
    for (shopper, turn), card in answers.cards.items():
        for each in card["reactions"]:
            spread = rated.get((shopper, turn, answers.twins.index(each["twin"])))
            rating = None if spread is None else round(float(ratings(spread)), 3)
            found.append(
                {
                    "shopper": card["name"],
                    "round": card["round"],
                    **each,
                    "rating": rating,
                    "favourite": card["favourite"]["twin"] == each["twin"],
                }
            )
    return found


def as_json(found: Figures, twins: Sequence[str]) -> Data:
    """The figures for the API: means and differences on the scale of 1 to 5."""
    return {
        "scale": list(scale().answers),
        "means": {
            key: _interval_json(each)
            for key, each in zip(twins, found.mean, strict=True)
            if not np.isnan(each.value)
        },
        "against_listing": {
            each.twin: {**_interval_json(each.value), "beyond_noise": each.clear}
            for each in found.against_listing
            if each.twin != CONTROL and not np.isnan(each.value.value)
        },
        "noise_floor": None if found.floor is None else round(found.floor, 3),
        "intervals": REPEATABILITY,
        "sentence_model": found.gate.reason,
    }


def _interval_json(interval: Interval) -> Data:
    return {name: round(getattr(interval, name), 3) for name in ("value", "low", "high")}
