"""How good a product's photos are, each by what its role asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog import storage
from catalog.models import PhotoRole, Placement
from catalog.models.photo import SIMILARITY_ROLES
from catalog.vision.limits import PhotoRejected
from catalog.vision.measures import SIDE, measure
from catalog.vision.opening import load_reduced
from catalog.vision.quality import Quality, Verdict, judge
from tools.evidence import PhotoFact

# Of one product; the rest is not looked at, and said not to be.
MOST_MEASURED = 12


@dataclass(frozen=True)
class PhotoQuality:
    """`quality` is None where the photo could not be opened; `problem` says why then."""

    fact: PhotoFact
    quality: Quality | None
    problem: str = ""

    @property
    def text(self) -> str:
        """The verdict with what is wrong, in words."""
        if self.quality is None:
            return "cannot be opened"
        wrong = [
            f"{each.label.lower()}: {each.measure}"
            for each in self.quality.aspects
            if each.verdict in {Verdict.FAIR, Verdict.POOR}
        ]
        return "; ".join([str(self.quality.verdict), *wrong])


def qualities_of(
    facts: Sequence[PhotoFact], placements: Iterable[Placement]
) -> tuple[PhotoQuality, ...]:
    """The first photos as measured, in their order; `placements` are those that may be opened."""
    known = {each.pk: each for each in placements}
    return tuple(_measured(fact, known.get(fact.placement)) for fact in facts[:MOST_MEASURED])


def _measured(fact: PhotoFact, placement: Placement | None) -> PhotoQuality:
    if placement is None:
        return PhotoQuality(fact, None, "It could not be read when it was uploaded.")
    try:
        image = load_reduced(storage.read(placement.photo.readable_name), SIDE)
    except (PhotoRejected, storage.FileMissing, storage.StorageUnavailable, ValueError) as error:
        # ValueError: no copy was made of it that may be opened here.
        return PhotoQuality(fact, None, str(error))
    found = measure(image, (fact.width, fact.height))
    size_alone = fact.role not in SIMILARITY_ROLES
    return PhotoQuality(fact, judge(found, size_alone=size_alone, face=fact.role == PhotoRole.MAIN))
