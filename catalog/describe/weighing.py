"""Machines' values weighed against what else is known of the product: see `catalog.describe.confidence`.

What was weighed is kept with each value, as JSON for people and for the next fit:

    {"said": 0.9,                                  the machine's own word
     "agreement": {"source": "zero-shot", "value": [...], "confidence": 0.7, "agrees": 1.0},
     "neighbours": {"of": 4, "agree": 3, "products": [12, 15]},
     "decisions": 240,                             people's, that the weights were fitted to
     "signs": [0.9, 0.7, 0.5]}                     said, agreement, neighbours

`agreement` and `neighbours` are missing where nobody says anything. `agrees` is from -1 to 1.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import structlog

from catalog.describe.confidence import Signs, kinship, of_json, overlap, prior, probability
from catalog.describe.vocabulary import current
from catalog.index import vector_index
from catalog.index.payload import CATALOG, PRODUCT
from catalog.index.protocol import IndexProblem
from catalog.index.spaces import live_space
from catalog.models import (
    AttributeKind,
    ConfidenceFit,
    CurrentAttribute,
    EmbeddingSpace,
    LedgerEntry,
    Product,
    Source,
)
from catalog.search.looks import product_vector
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS
from catalog.services.ledger import MachineValue
from prodintel.engine.vectors import AnyOf, Filter

logger = structlog.get_logger(__name__)
FITS_SECONDS = 30.0
# Photos of products that look alike; what people confirmed of them is weighed.
NEAREST = 32
# The hundredth product that looks alike says little, whatever it is.
RANK_SCALE = 8.0
# As if one neighbour more had said nothing either way: a single one is not a rule.
CAUTION = 1.0
SHOWN = 4
INDEX_REST_SECONDS = 10.0


@dataclass
class _Known:
    """What else is known of one product, by field."""

    zero_shot: dict[str, LedgerEntry] = field(default_factory=dict)
    confirmed: dict[str, list[tuple[int, int, list]]] = field(default_factory=dict)


class Weigher:
    """Weighs the values of one source. For one thread; keeps the fits for a while."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._fits: dict[str, ConfidenceFit] = {}
        self._read_at = -FITS_SECONDS
        self._index_rests_until = 0.0

    def calibrated(self, values: Sequence[MachineValue]) -> list[MachineValue]:
        """The values by the machine's own word alone, as much as it has turned out to be worth."""
        self._read_fits()
        return [self._weighed(value, _Known()) for value in values]

    def weighed(
        self, said: Mapping[Product, Sequence[MachineValue]]
    ) -> dict[int, list[MachineValue]]:
        """The values by product, weighed against zero-shot and against confirmed neighbours.

        A call of the index a product, and else a fixed number of queries.
        """
        self._read_fits()
        known = {product.pk: _Known() for product in said}
        rows = LedgerEntry.objects.standing().filter(
            product__in=known, variant=None, source=Source.ZERO_SHOT
        )
        for row in rows.order_by("created_at", "pk"):
            known[row.product_id].zero_shot[row.field] = row
        self._add_neighbours(list(said), known)
        return {
            product.pk: [self._weighed(value, known[product.pk]) for value in values]
            for product, values in said.items()
        }

    def _read_fits(self) -> None:
        now = time.monotonic()
        if now - self._read_at >= FITS_SECONDS:
            self._fits = {
                row.field: row for row in ConfidenceFit.objects.filter(source=self._source)
            }
            self._read_at = now

    def _weighed(self, value: MachineValue, known: _Known) -> MachineValue:
        if value.confidence is None:
            return value
        evidence: dict[str, Any] = {"said": value.confidence}
        agreement = _agreement(value, known.zero_shot.get(value.field))
        if agreement is not None:
            evidence["agreement"] = agreement
        neighbours, leaning = _leaning(value, known.confirmed.get(value.field, []))
        if neighbours is not None:
            evidence["neighbours"] = neighbours
        agrees = agreement["agrees"] * agreement["confidence"] if agreement else 0.0
        signs = Signs(value.confidence, round(agrees, 4), round(leaning, 4))
        fit = self._fits.get(value.field) or self._fits.get("")
        weights = of_json(fit.weights, self._source) if fit else prior(self._source)
        evidence["decisions"] = fit.accepted + fit.rejected if fit else 0
        evidence["signs"] = [signs.said, signs.agreement, signs.neighbours]
        return replace(
            value,
            confidence=round(probability(weights, signs), 3),
            said_confidence=value.confidence,
            evidence=evidence,
        )

    def _add_neighbours(self, products: Sequence[Product], known: Mapping[int, _Known]) -> None:
        space = live_space()
        if space is None or time.monotonic() < self._index_rests_until:
            return
        near: dict[int, list[int]] = {}
        try:
            for product in products:
                near[product.pk] = _nearest(product, space)
        except IndexProblem as error:
            # Values are weighed without them rather than kept waiting.
            logger.info("neighbours are not weighed", reason=str(error))
            self._index_rests_until = time.monotonic() + INDEX_REST_SECONDS
        others = {pk for found in near.values() for pk in found}
        said: dict[int, list[CurrentAttribute]] = defaultdict(list)
        if others:
            rows = CurrentAttribute.objects.filter(
                product__in=others, variant=None, locked=True, field__in=_comparable()
            )
            for row in rows.exclude(value=None):
                said[row.product_id].append(row)
        for pk, found in near.items():
            for rank, other in enumerate(found):
                for row in said[other]:
                    said_of = known[pk].confirmed.setdefault(row.field, [])
                    said_of.append((rank, other, row.value or []))


def _comparable() -> set[str]:
    """Fields whose values can be the same on two products, unlike texts and measures."""
    kinds = {AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE, AttributeKind.BOOLEAN}
    known = current().attributes.values()
    return {CATEGORY, *(attribute.key for attribute in known if attribute.kind in kinds)}


def _nearest(product: Product, space: EmbeddingSpace) -> list[int]:
    """Products of the same catalogue that look most like this one, the nearest first."""
    vector = product_vector(product.pk, space)
    if vector is None:
        return []
    here = Filter((AnyOf(CATALOG, (product.catalog_id,)),), (AnyOf(PRODUCT, (product.pk,)),))
    hits = vector_index().search(
        space.collection, vector.astype(np.float32), where=here, limit=NEAREST, fields=(PRODUCT,)
    )
    return list(dict.fromkeys(int(hit.payload[PRODUCT]) for hit in hits))


def _agreement(value: MachineValue, other: LedgerEntry | None) -> dict[str, Any] | None:
    if other is None or not other.value or not value.value or value.field in COLUMN_FIELDS:
        return None
    if other.source == Source.ZERO_SHOT and other.evidence.get("said") is not None:
        sure = float(other.evidence["said"])
    else:
        sure = other.confidence if other.confidence is not None else 0.5
    return {
        "source": other.source,
        "value": other.value,
        "confidence": round(sure, 3),
        "agrees": round(_agree(value.field, value.value, other.value), 3),
    }


def _leaning(
    value: MachineValue, confirmed: Sequence[tuple[int, int, list]]
) -> tuple[dict[str, Any] | None, float]:
    """What the confirmed neighbours say, in numbers for people, and how far they lean to the value."""
    if not confirmed or not value.value or value.field in COLUMN_FIELDS:
        return None, 0.0
    weight = total = 0.0
    agreeing = []
    for rank, product, said in confirmed:
        share = 1.0 / (1.0 + rank / RANK_SCALE)
        agrees = _agree(value.field, value.value, said)
        weight += share
        total += share * agrees
        if agrees > 0:
            agreeing.append(product)
    told = {"of": len(confirmed), "agree": len(agreeing), "products": agreeing[:SHOWN]}
    return told, total / (weight + CAUTION)


def _agree(name: str, one: Sequence[Any], other: Sequence[Any]) -> float:
    if name == CATEGORY:
        return kinship(str(one[0]), str(other[0]))
    return overlap(one, other)
