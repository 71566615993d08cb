"""What an encoder alone can say of a product: photo vectors against the vocabulary's words.

Nothing here knows a database or an engine. A label is chosen only where its probability reaches
`CONFIDENT`; below that the answer is less precise (a category higher up) or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.describe.prompts import PromptBank, Vectors, unit
from catalog.describe.vocabulary import CategoryNode, TermNode, Vocabulary

CONFIDENT = 0.5
# A term must stand out among the others by itself, and its name together with the product's must fit
# the photo about as well as the product's name alone; in units of the softmax's exponent.
CLEAR = 0.8
NO_WORSE = 0.35
MAIN_WEIGHT = 2.0
# Attributes that words can be compared for; colours are measured, other attributes are left to
# models that can be asked.
COMPARED = ("material", "pattern")


@dataclass(frozen=True)
class Guess:
    """A value and its probability in [0, 1]."""

    value: str
    confidence: float


@dataclass(frozen=True)
class Description:
    """What was found; an attribute without an answer is not in `attributes`."""

    category: Guess | None
    attributes: dict[str, Guess]


class ZeroShot:
    """One vocabulary, seen through one encoder.

    `sharpness` is the inverse temperature of the softmax, in units of a photo's own spread of
    similarities over all categories: encoders differ in how far apart they hold things, so raw
    cosines cannot be compared between them. The space's other vectors are no yardstick either: in
    a shop of nothing but dresses the label "dress" would count as commonplace (measured on garment
    photos alone: 0.37 instead of 0.50 right). `compared` are the attributes that the encoder's words
    say something about.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        bank: PromptBank,
        *,
        sharpness: float,
        compared: Sequence[str] = COMPARED,
    ) -> None:
        self.vocabulary = vocabulary
        self._compared = compared
        self._bank = bank
        self._sharpness = sharpness
        self._leaves = vocabulary.leaves
        nodes = vocabulary.categories
        wordings = [words_of(nodes[path]) for path in self._leaves]
        self._labels = bank.labels(wordings) if wordings else np.zeros((0, 0), dtype=np.float32)
        self._above = _ancestry(vocabulary)
        self._terms: dict[tuple[str, str], tuple[Vectors, Vectors]] = {}

    def describe(self, photos: Vectors) -> list[Description]:
        """One description a product: `photos` is float32 (n, dimension), see `product_vector`."""
        if not len(photos) or not self._leaves:
            return [Description(None, {}) for _ in photos]
        similarity = photos @ self._labels.T
        spread = np.maximum(similarity.std(axis=1), 1e-6)
        share = _softmax(similarity * (self._sharpness / spread)[:, None]) @ self._above
        found = []
        for photo, shares, scale in zip(photos, share, spread, strict=True):
            category = self._descend(shares)
            found.append(Description(category, self._compare(photo, category, float(scale))))
        return found

    def _descend(self, shares: NDArray[np.float32]) -> Guess | None:
        """The deepest category that is still probable enough; shares are by offered category."""
        order = {path: index for index, path in enumerate(self.vocabulary.offered)}
        best: Guess | None = None
        below = self.vocabulary.children.get("", ())
        while below:
            path = max(below, key=lambda child: shares[order[child]])
            if shares[order[path]] < CONFIDENT:
                break
            best = Guess(path, float(min(shares[order[path]], 1.0)))
            below = self.vocabulary.children.get(path, ())
        return best

    def _compare(
        self, photo: NDArray[np.float32], category: Guess | None, scale: float
    ) -> dict[str, Guess]:
        """Attributes of a product whose category is known.

        Two questions must agree: which term the photo is nearest to, and which of "wool hat",
        "leather hat" ... it is nearest to. The first alone answers with whatever is near all hats,
        the second alone with what hats are mostly made of.
        """
        if category is None:
            return {}
        found = {}
        for key in self._compared:
            terms = self.vocabulary.terms_of(key, category.value)
            if len(terms) < 2:  # noqa: PLR2004 -- one alone is always the nearest
                continue
            alone, together = self._term_vectors(key, category.value, terms)
            sharpness = self._sharpness / scale
            shares = _softmax((alone @ photo)[None] * sharpness)[0]
            best = int(shares.argmax())
            plain, *named = (together @ photo) * sharpness
            fits = best == int(np.argmax(named)) and named[best] >= plain - NO_WORSE
            if fits and shares[best] >= CLEAR:
                # No surer of what a thing is made of than of what it is.
                found[key] = Guess(terms[best].key, float(min(shares[best], category.confidence)))
        return found

    def _term_vectors(
        self, key: str, path: str, terms: Sequence[TermNode]
    ) -> tuple[Vectors, Vectors]:
        """(terms, dimension): each term alone; (1 + terms, dimension): the category's noun alone,
        then with each term before it.
        """
        kept = self._terms.get((key, path))
        if kept is None:
            noun = words_of(self.vocabulary.categories[path])[0]
            with_noun = [[f"{words_of(term)[0]} {noun}"] for term in terms]
            kept = self._terms[key, path] = (
                self._bank.labels([words_of(term) for term in terms]),
                self._bank.labels([[noun], *with_noun]),
            )
        return kept


def words_of(node: CategoryNode | TermNode) -> tuple[str, ...]:
    """A label's prompts, or its English name where it has none."""
    if node.prompts:
        return node.prompts
    name = node.path.rpartition("/")[2] if isinstance(node, CategoryNode) else node.key
    return (str(node.labels.get("en") or name.replace("-", " ")),)


def product_vector(photos: Vectors, main: Sequence[bool]) -> NDArray[np.float32]:
    """The product's direction: the mean of its photos (n, dimension), the main one counted twice."""
    weights = np.where(np.asarray(main), MAIN_WEIGHT, 1.0).astype(np.float32)
    return unit(weights @ photos)


def _ancestry(vocabulary: Vocabulary) -> NDArray[np.float32]:
    """(leaves, offered) ones where a leaf lies in a category: leaf shares become tree shares."""
    paths = vocabulary.offered
    inside = [
        [leaf == path or leaf.startswith(f"{path}/") for path in paths]
        for leaf in vocabulary.leaves
    ]
    return np.array(inside, dtype=np.float32).reshape(len(inside), len(paths))


def _softmax(scores: Vectors) -> Vectors:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
