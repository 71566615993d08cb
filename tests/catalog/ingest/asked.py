"""A gateway that answers by itself: what the vision runner asks is remembered, and fits the form."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.models import CurrentAttribute, LedgerEntry, Product
from prodintel.llm.types import Account, Answer, LanguageModelError, Message, ModelFacts, Usage

MODEL = "vision-model"


@dataclass
class Asked:
    """One call as it came in."""

    messages: Sequence[Message]
    account: Account
    key: str


@dataclass
class FakeGateway:
    """`answers` gives the answer to a call (a dictionary as the form wants it), or raises."""

    answers: Callable[[Asked], dict[str, Any]]
    configured: bool = True
    images: int = 3
    seconds: float = 0.0
    slots: list[float] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    most: int = 0
    given_back: int = 0
    _now: int = 0
    _lock: Any = field(default_factory=threading.Lock)
    _kept: dict[str, Any] = field(default_factory=dict)

    def is_configured(self) -> bool:
        return self.configured

    def facts(self, _ability: Any) -> ModelFacts:
        return ModelFacts(id=MODEL, images_per_call=self.images)

    def acquire(self, _ability: Any, *, tokens: int) -> float:
        assert tokens > 0
        return self.slots.pop(0) if self.slots else 0.0

    def give_back(self, _ability: Any) -> None:
        self.given_back += 1

    def structured(
        self, _ability, messages, schema, *, account, max_tokens, key, holder, paced
    ) -> Answer:
        assert max_tokens
        assert holder
        assert not paced
        with self._lock:
            if key in self._kept:
                return Answer(self._kept[key], Usage(), MODEL, kept=True)
            self.asked.append(Asked(messages, account, key))
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            time.sleep(self.seconds)
            value = schema.model_validate(self.answers(self.asked[-1]))
        finally:
            with self._lock:
                self._now -= 1
        self._kept[key] = value
        return Answer(value, Usage(), MODEL)


def failing(code: str, **options: Any) -> Callable[[Asked], dict[str, Any]]:
    def fail(_asked: Asked) -> dict[str, Any]:
        raise LanguageModelError(f"It is {code}.", code=code, **options)

    return fail


def said(**changes: Any) -> dict[str, Any]:
    """An answer that says little; `attributes` and other fields as given."""
    return {
        "category": {"path": "home/kitchen/mugs", "confidence": 0.9},
        "attributes": {"color": {"values": ["red"], "confidence": 0.8}},
        "outside_list": [],
        "title": {"text": "Red mug", "confidence": 0.9},
        "description": None,
        "alt_text": {"photo_1": "A red mug.", "confidence": 0.9},
        "photo_text": [],
        "cannot_tell": ["dimensions"],
    } | changes


def values(product) -> dict:
    return {row.field: row.value for row in CurrentAttribute.objects.filter(product=product)}


def suggested(product, field) -> list:
    rows = LedgerEntry.objects.standing().filter(product=product, field=field)
    return [row.value for row in rows]


def answer_of(**changes):
    return lambda _asked: said(**changes)


def attributes(**of):
    return answer_of(attributes={k: {"values": v, "confidence": 0.8} for k, v in of.items()})


def fresh(product: Product) -> Product:
    return Product.objects.select_related("vision_task", "describe_task").get(pk=product.pk)
