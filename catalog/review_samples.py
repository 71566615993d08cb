"""Random samples of open suggestions: what is drawn, how they stand, what they say of the rest."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog import reviews
from catalog.models import (
    Decision,
    LedgerEntry,
    ReviewSample,
    ReviewSampleItem,
    Verdict,
)
from catalog.precision import Precision
from catalog.reviews import Narrowed
from catalog.services.reviewing import ALT_TEXT


@dataclass(frozen=True)
class Standing:
    """How far a sample is judged. `left` waits to be judged; `gone` was withdrawn meanwhile and
    cannot be judged any more.
    """

    size: int
    left: int
    gone: int
    precision: Precision


def _items(sample: ReviewSample) -> QuerySet[ReviewSampleItem]:
    return ReviewSampleItem.objects.filter(sample=sample).select_related("entry")


def verdict_of(item: ReviewSampleItem) -> str:
    """What a person found of it, in the sample or anywhere else; empty while nobody did."""
    decided = {Decision.ACCEPTED: Verdict.RIGHT, Decision.REJECTED: Verdict.WRONG}
    return item.verdict or decided.get(Decision(item.entry.decision), Verdict.NONE)


def standing(sample: ReviewSample, band: str = "") -> Standing:
    """How a sample stands, or the part of it whose confidence lies in a band."""
    found = [
        item
        for item in _items(sample).defer("entry__evidence")
        if not band or reviews.band_of(item.entry.confidence) == band
    ]
    verdicts = [verdict_of(item) for item in found]
    gone = sum(
        not verdict and item.entry.retracted_at is not None
        for item, verdict in zip(found, verdicts, strict=True)
    )
    judged = sum(bool(verdict) for verdict in verdicts)
    return Standing(
        size=len(found),
        left=len(found) - judged - gone,
        gone=gone,
        precision=Precision(right=verdicts.count(Verdict.RIGHT), judged=judged),
    )


def next_ids(sample: ReviewSample, count: int, after: int = 0) -> list[int]:
    """The next suggestions of a sample to be judged, in the order in which they were drawn."""
    waiting = _items(sample).filter(
        verdict=Verdict.NONE, entry__decision=Decision.NONE, entry__retracted_at=None
    )
    passed = _items(sample).filter(entry=after).first() if after else None
    if passed is not None:
        waiting = waiting.filter(position__gt=passed.position)
    return list(waiting.order_by("position").values_list("entry", flat=True)[:count])


def rest(sample: ReviewSample, band: str = "") -> QuerySet[LedgerEntry]:
    """What a sample speaks for and nobody has decided on: open now, and open when it was drawn.

    Not what came later, nor what is open because something before it at the same place was decided
    on since.
    """
    narrowed = Narrowed(
        field=sample.field,
        category=sample.category.path if sample.category else "",
        band=band,
    )
    if sample.category_path and sample.category is None:
        return LedgerEntry.objects.none()  # of a category that is gone nothing is left
    since = LedgerEntry.objects.filter(
        product=OuterRef("product"),
        field=OuterRef("field"),
        locale=OuterRef("locale"),
        decision=Decision.REJECTED,
        decided_at__gte=sample.created_at,
    ).filter(Q(photo=OuterRef("photo")) | ~Q(field=ALT_TEXT))
    rows = reviews.open_suggestions(sample.catalog, narrowed)
    return rows.filter(~Q(Exists(since)), created_at__lte=sample.created_at)


def by_band(sample: ReviewSample) -> list[tuple[str, Standing, int]]:
    """For each band that has any of the rest: its part of the sample, and how many are left."""
    counted = [(band, rest(sample, band).count()) for band in reviews.BAND_LABELS]
    return [(band, standing(sample, band), count) for band, count in counted if count]
