"""What shoppers said, as blocks show it and as it is counted: cleaned, by twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.kinds.base import Data
from tools.kinds.twin_simulator.claims import cleaned, rateable
from tools.kinds.twin_simulator.similarity import Array
from tools.personas import Persona

MOST_REMARKS = 6


@dataclass(frozen=True)
class Sitting:
    """One shopper in one round: in which order the twins are seen, by key."""

    shopper: int
    round: int
    persona: Persona
    order: Sequence[str]

    @property
    def block_id(self) -> str:
        return f"shopper-{self.shopper + 1}-{self.round + 1}"


def shown(sitting: Sitting, labels: Mapping[str, str], answer: Data, *, growing: bool) -> Data:
    """The data of a shopper's card, of an answer or of what there is of one so far.

    Reactions are by twin in the order in which they were seen; `rated` is what of each can be placed
    on the scale.
    """
    order = sitting.order
    said = _objects(answer.get("reactions"))[: len(order)]
    texts = [
        cleaned(each.get("reaction"), growing=growing and place == len(said) - 1)
        for place, each in enumerate(said)
    ]
    english = [cleaned(each.get("in_english") or each.get("reaction")) for each in said]
    return {
        **sitting.persona.model_dump(),
        "round": sitting.round + 1,
        "order": [labels[key] for key in order],
        "reactions": [
            {"twin": key, "label": labels[key], "place": place + 1, "text": text}
            for place, (key, text) in enumerate(zip(order, texts, strict=False))
        ],
        "rated": {}
        if growing
        else {key: rateable(text) for key, text in zip(order, english, strict=False)},
        "favourite": _twin(answer.get("favourite"), order, labels),
        "why": cleaned(answer.get("why"), growing=growing),
        "objections": [
            {**_twin(each.get("listing"), order, labels), "text": text}
            for each in _objects(answer.get("objections"))[:MOST_REMARKS]
            if (text := cleaned(each.get("text"), growing=growing))
        ],
        "questions": [
            text
            for each in _list(answer.get("questions"))[:MOST_REMARKS]
            if (text := cleaned(each, growing=growing))
        ],
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _twin(number: Any, order: Sequence[str], labels: Mapping[str, str]) -> dict[str, str]:
    """The twin that was shown under a number; both texts empty where there is none such."""
    if not isinstance(number, int) or not 1 <= number <= len(order):
        return {"twin": "", "label": ""}
    key = order[number - 1]
    return {"twin": key, "label": labels[key]}


@dataclass(frozen=True)
class Answers:
    """All cards of a run, by shopper and round; None for a shopper who could not be asked."""

    twins: Sequence[str]
    cards: Mapping[tuple[int, int], Data]
    shoppers: int
    rounds: int

    def texts(self) -> dict[tuple[int, int, int], str]:
        """What can be placed on the scale, by shopper, round and number of the twin."""
        return {
            (shopper, turn, self.twins.index(key)): text
            for (shopper, turn), card in self.cards.items()
            for key, text in card["rated"].items()
            if text
        }

    def grid(self, values: Mapping[tuple[int, int, int], float]) -> Array:
        """(shoppers, rounds, twins), NaN where nothing was said."""
        found = np.full((self.shoppers, self.rounds, len(self.twins)), np.nan)
        for place, value in values.items():
            found[place] = value
        return found

    def favourites(self) -> Array:
        """(shoppers, rounds, twins): 1 for the favourite, 0 for the others, NaN without one."""
        found = self.grid({})
        for (shopper, turn), card in self.cards.items():
            key = card["favourite"]["twin"]
            if key:
                found[shopper, turn] = [float(key == twin) for twin in self.twins]
        return found
