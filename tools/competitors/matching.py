"""Which rows and products may be the same thing: by GTIN, or by how alike their words are.

An equal GTIN is a fact. Likeness is a suggestion, for a person to confirm or reject.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import combinations

import numpy as np
import structlog
from rapidfuzz import fuzz

from catalog.index.spaces import live_space
from catalog.textsearch.normalise import TOKEN, fold, forms
from prodintel.engine import configured
from prodintel.engine.errors import EngineError

logger = structlog.get_logger(__name__)

# How alike texts must be to be suggested, in [0, 1], and how many suggestions a row gets.
SUGGEST = 0.72
SUGGESTIONS = 3
CANDIDATES = 12
# So many texts are embedded for one list or one product: a second or two of the engine's time.
EMBEDDED_TEXTS = 300
EMBED_SECONDS = 8.0
# Words alone may fall so far short of it where their meaning makes up for that.
WORDS_SHORT = 0.2
# A product is looked up by so many of its rarest words, and by what not more than so many rows have.
RAREST, FEW = 4, 300
WORDS_WEIGHT = 0.7
Embed = Callable[[Sequence[str]], "np.ndarray | None"]


@dataclass(frozen=True)
class Named:
    """Something with a name: a row or a product."""

    key: int
    title: str
    brand: str = ""

    @property
    def text(self) -> str:
        """Title and brand, the brand once."""
        if not self.brand or fold(self.brand) in fold(self.title):
            return self.title
        return f"{self.brand} {self.title}"


@dataclass(frozen=True)
class Likeness:
    row: int
    product: int
    score: float


def words_of(text: str) -> frozenset[str]:
    """The words of a text, each in its singular."""
    found: set[str] = set()
    for token in TOKEN.findall(text):
        found.update(min(forms(part).singulars, key=len) for part in forms(token).parts)
    return frozenset(found)


def word_score(one: str, other: str) -> float:
    """How alike two texts are by their words and letters, in [0, 1].

    The order of words does not count; words that only one of them has count against it, so that
    "mug" is not every mug.
    """
    return _score(_in_order(words_of(one)), _in_order(words_of(other)))


def _in_order(words: frozenset[str]) -> str:
    return " ".join(sorted(words))


def _score(first: str, second: str) -> float:
    """As `word_score`, of texts whose words are in order already."""
    if not first or not second:
        return 0.0
    whole = fuzz.ratio(first, second)
    shared = fuzz.token_set_ratio(first, second)
    return (0.6 * whole + 0.4 * shared) / 100


def embedded(texts: Sequence[str]) -> np.ndarray | None:
    """Unit vectors of texts by the site's encoder; None where it does not answer in time."""
    space = live_space()
    if space is None or not texts or len(texts) > EMBEDDED_TEXTS:
        return None
    try:
        engine = configured.client_for(space.fingerprint)
        if engine is None:
            return None
        vectors = engine.encode_texts(texts, model=space.fingerprint, timeout=EMBED_SECONDS)
    except EngineError as error:
        logger.info("likeness by words alone", reason=str(error))
        return None
    return np.asarray(vectors, dtype=np.float32)


def suggestions(
    rows: Sequence[Named], products: Iterable[Named], *, embed: Embed = embedded
) -> list[Likeness]:
    """For each row the products most like it, best first; only those alike enough."""
    near = _nearest_by_words(rows, products)
    names = {row.key: row for row in rows}
    pairs = [
        (names[key], product, score) for key, found in near.items() for product, score in found
    ]
    scored = blended(pairs, embed=embed)
    by_row: dict[int, list[Likeness]] = defaultdict(list)
    for one in scored:
        if one.score >= SUGGEST:
            by_row[one.row].append(one)
    return [
        one
        for found in by_row.values()
        for one in nlargest(SUGGESTIONS, found, key=lambda each: each.score)
    ]


def nearest(
    product: Named,
    rows: Iterable[Named],
    most: int,
    *,
    least: float,
    embed: Embed = embedded,
) -> list[Likeness]:
    """The rows most like one product, the best first; those less alike than `least` are left out.

    A brand in common makes nothing alike, nor do letters: some word of the title must be shared.
    """
    words = words_of(product.title) - words_of(product.brand)
    scored = (
        (word_score(row.text, product.text), row.key, row)
        for row in rows
        if words & words_of(row.title)
    )
    near = nlargest(most, (one for one in scored if one[0] >= least / 2))
    found = blended([(row, product, score) for score, _, row in near], embed=embed)
    kept = [one for one in found if one.score >= least]
    return sorted(kept, key=lambda one: (-one.score, one.row))


def _nearest_by_words(
    rows: Sequence[Named], products: Iterable[Named]
) -> Mapping[int, list[tuple[Named, float]]]:
    """For each row the products that share its telling words, with the score of their words.

    The rows are held, the products pass by once: there may be many more of these.
    """
    index = _Index(rows)
    found: dict[int, list[tuple[float, int, Named]]] = defaultdict(list)
    for product in products:
        words = words_of(product.text)
        text = _in_order(words)
        for key in index.candidates(words):
            score = _score(index.texts[key], text)
            if score >= SUGGEST - WORDS_SHORT:
                found[key].append((score, product.key, product))
    return {
        key: [(product, score) for score, _, product in nlargest(CANDIDATES // 2, pairs)]
        for key, pairs in found.items()
    }


class _Index:
    """Rows by their words. What many rows have tells little, unless two such words meet."""

    def __init__(self, rows: Sequence[Named]) -> None:
        words = {row.key: words_of(row.text) for row in rows}
        self.texts = {key: _in_order(found) for key, found in words.items()}
        self._rows_of: dict[str, set[int]] = defaultdict(set)
        for key, found in words.items():
            for word in found:
                self._rows_of[word].add(key)

    def candidates(self, words: frozenset[str]) -> list[int]:
        """The rows that share most with these words, at most `CANDIDATES`."""
        known = [self._rows_of[word] for word in words if word in self._rows_of]
        rarest = sorted(known, key=len)[:RAREST]
        shared: Counter[int] = Counter()
        for rows in rarest:
            if len(rows) <= FEW:
                shared.update(rows)
        for one, other in combinations(rarest, 2):
            both = one & other
            if len(both) <= FEW:
                shared.update(both)
        return [key for key, _ in shared.most_common(CANDIDATES)]


def blended(
    pairs: Sequence[tuple[Named, Named, float]], *, embed: Embed = embedded
) -> list[Likeness]:
    """Pairs of a row and a product with the score of their words, weighed with their meaning.

    Without the engine, or for more texts than it should be asked for, words alone count.
    """
    texts = list(dict.fromkeys(each.text for pair in pairs for each in pair[:2]))
    vectors = embed(texts)
    if vectors is None:
        return [Likeness(row.key, product.key, score) for row, product, score in pairs]
    place = {text: number for number, text in enumerate(texts)}
    scored = []
    for row, product, score in pairs:
        meaning = float(vectors[place[row.text]] @ vectors[place[product.text]])
        mixed = WORDS_WEIGHT * score + (1 - WORDS_WEIGHT) * min(max(meaning, 0.0), 1.0)
        scored.append(Likeness(row.key, product.key, round(mixed, 4)))
    return scored
