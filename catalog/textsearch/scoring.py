"""Why and how well a product's document answers a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from catalog.textsearch import normalise
from catalog.textsearch.documents import codes, tokens
from catalog.textsearch.spelling import MIN_PART

Kind = Literal["sku", "gtin", "title", "mpn", "words", "partial", "fuzzy"]
RANK: Mapping[Kind, int] = {
    "sku": 0,
    "gtin": 1,
    "title": 2,
    "mpn": 3,
    "words": 4,
    "partial": 5,
    "fuzzy": 6,
}
# Every kind has a band of its own, so that a better kind always has the better score.
BANDS: Mapping[Kind, tuple[float, float]] = {
    "sku": (1, 1),
    "gtin": (1, 1),
    "title": (1, 1),
    "mpn": (0.97, 0.97),
    "words": (0.7, 0.95),
    "partial": (0.45, 0.7),
    "fuzzy": (0.2, 0.45),
}
WEIGHTS = {
    "title": 1.0,
    "brand": 0.9,
    "category": 0.8,
    "tags": 0.8,
    "options": 0.75,
    "codes": 0.75,
}
OTHER_NUMBER, PREFIX, INFIX = 0.97, 0.9, 0.6
TITLE_BEGINS = 0.8

# How surely a term is met: 2 as a word, 1 as a part of one, 0 as its misspelling.
SURENESS: tuple[Kind, ...] = ("fuzzy", "partial", "words")

MAX_QUERY = 200
MAX_TERMS = 12
# Words that say nothing of a product, unless they are all there is.
IGNORED = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"}
)


@dataclass(frozen=True)
class TextMatch:
    """A product found by words. `matched` is the words or the code as the product has them."""

    product_id: int
    score: float
    kind: Kind
    matched: str


@dataclass(frozen=True)
class Query:
    """A query's terms, and what exact equality compares."""

    terms: tuple[str, ...]
    key: str
    code: str
    gtin: str
    # Per term: words it may misspell, with their similarity.
    corrections: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Query:
        """Cut a query as typed; letters and digits count, nothing else has a meaning."""
        text = text[:MAX_QUERY]
        found = normalise.TOKEN.findall(normalise.fold(text))
        terms = tuple(part for token in found for part in normalise.forms(token).parts)
        telling = tuple(term for term in terms if term not in IGNORED)
        return cls(
            terms=(telling or terms)[:MAX_TERMS],
            key=normalise.key(text),
            code=normalise.code(text),
            gtin=normalise.gtin(text),
        )


class Judge:
    """Says of documents whether, why and how well they answer a query.

    The same words stand in many documents: what a token means for the query is found out once.
    """

    def __init__(self, query: Query) -> None:
        self.query = query
        self._singulars = [normalise.singulars(term) for term in query.terms]
        self._pairs = [a + b for a, b in pairwise(query.terms)]
        self._offers: dict[str, list[tuple[int, int, float]]] = {}

    def exact(self, product_id: int, document: str) -> TextMatch | None:
        """The match on a whole code or title, if there is one."""
        query = self.query
        by_kind = codes(document)
        title = document.partition("\n")[0]
        for sku in by_kind["sku"]:
            if normalise.code(sku) == query.code:
                return _match(product_id, "sku", 1, sku)
        for gtin in by_kind["gtin"]:
            if query.gtin and normalise.gtin(gtin) == query.gtin:
                return _match(product_id, "gtin", 1, gtin)
        if query.key and normalise.key(title) == query.key:
            return _match(product_id, "title", 1, title)
        for mpn in by_kind["mpn"]:
            if normalise.code(mpn) == query.code:
                return _match(product_id, "mpn", 1, mpn)
        return None

    def words(self, product_id: int, document: str) -> TextMatch | None:
        """The match on words, parts of words or misspellings; None where a term is not met."""
        # Per term: how surely and how well it is met so far, and by which token.
        met = [(-1, 0.0, 0)] * len(self.query.terms)
        written = list(tokens(document))
        for place, (name, token) in enumerate(written):
            for n, sureness, quality in self._offered(token):
                met[n] = max(met[n], (sureness, quality * WEIGHTS[name], -place))
        sureness = min(each[0] for each in met)
        if sureness < 0:
            return self._beginning(product_id, document)
        places = sorted({-each[2] for each in met})
        in_title = sum(written[place][0] == "title" for place in places)
        coverage = in_title / max(sum(name == "title" for name, _ in written), 1)
        mean = sum(each[1] for each in met) / len(met)
        matched = " ".join(dict.fromkeys(written[place][1] for place in places))
        return _match(product_id, SURENESS[sureness], mean * (0.8 + 0.2 * coverage), matched)

    def _beginning(self, product_id: int, document: str) -> TextMatch | None:
        title = document.partition("\n")[0]
        if self.query.key and normalise.key(title).startswith(self.query.key):
            return _match(product_id, "partial", TITLE_BEGINS, title)
        return None

    def _offered(self, token: str) -> list[tuple[int, int, float]]:
        """The terms that a token meets, as (term, sureness, quality)."""
        offers = self._offers.get(token)
        if offers is None:
            forms = normalise.forms(token)
            offers = [(n, *self._term_in(n, forms)) for n in range(len(self.query.terms))]
            for n, pair in enumerate(self._pairs):
                if pair in forms.singulars:
                    offers += [(n, 2, 1.0), (n + 1, 2, 1.0)]
            offers = self._offers[token] = [each for each in offers if each[2]]
        return offers

    def _term_in(self, n: int, forms: normalise.Forms) -> tuple[int, float]:
        term = self.query.terms[n]
        if term in forms.words:
            return 2, 1
        if self._singulars[n] & forms.singulars:
            return 2, OTHER_NUMBER
        if any(word.startswith(term) for word in forms.words):
            return 1, PREFIX
        if len(term) >= MIN_PART and term in forms.joined:
            return 1, INFIX
        corrections = self.query.corrections.get(term, {})
        return 0, max((corrections.get(word, 0) for word in forms.words), default=0)


def _match(product_id: int, kind: Kind, quality: float, matched: str) -> TextMatch:
    low, high = BANDS[kind]
    return TextMatch(product_id, round(low + (high - low) * quality, 4), kind, matched)
