"""Words in, products out: exact codes and titles, whole words, parts of words, misspellings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from catalog.models import Product
from catalog.textsearch import normalise
from catalog.textsearch.backend import Clauses, Lexeme, Restriction, TextIndex, text_index
from catalog.textsearch.scoring import RANK, Judge, Query, TextMatch
from catalog.textsearch.spelling import MIN_PART, completions, corrections

MAX_LIMIT = 1000
# With this many hits on parts of words, the query is being typed rather than misspelt.
ENOUGH_PARTIAL = 5

Narrow = Callable[[QuerySet[Product]], QuerySet[Product]]


def search_text(
    *,
    catalog_id: int,
    query: str,
    limit: int = 200,
    narrow: Narrow | None = None,
) -> list[TextMatch]:
    """The products of a catalogue that `query` names, best first, in a stable order.

    Exact SKU, GTIN and title matches come first (without regard to case, accents and spaces), then
    MPNs, then products that have every word, as a whole word or its singular or plural; then those
    where words are only parts of words, as while typing; then, when there is little else,
    misspellings. Among equals the newer product comes first. Of very common words only the newest
    `limit` products of each step are looked at.

    `narrow` filters the queryset of products that may be found, before any are counted against a
    limit. Deleted products are never found. At most 1,000 results.
    """
    asked = Query.read(query)
    limit = min(limit, MAX_LIMIT)
    if not asked.terms or limit < 1:
        return []
    try:
        restriction = _restriction(catalog_id, narrow)
    except EmptyResultSet:
        return []
    search = _Search(text_index(), catalog_id, restriction, limit, asked)
    ordered = sorted(search.run(), key=lambda m: (RANK[m.kind], -m.score, -m.product_id))
    return ordered[:limit]


def _restriction(catalog_id: int, narrow: Narrow | None) -> Restriction | None:
    if narrow is None:
        return None
    narrowed = narrow(Product.objects.filter(catalog_id=catalog_id))
    sql, params = narrowed.order_by().values("pk").query.sql_with_params()
    return Restriction(sql, tuple(params))


class _Search:
    """One search: candidates by step from the index, judged by their documents."""

    def __init__(
        self,
        index: TextIndex,
        catalog_id: int,
        restriction: Restriction | None,
        limit: int,
        query: Query,
    ) -> None:
        self.index = index
        self.catalog_id = catalog_id
        self.restriction = restriction
        self.limit = limit
        self.query = query
        self.documents: dict[int, str] = {}
        self.exact: dict[int, TextMatch] = {}

    def run(self) -> Iterable[TextMatch]:
        self._exact()
        self._words()
        if len(self.documents) < self.limit:
            self._collect([self._parts(term) for term in self.query.terms])
        matches = self._judged()
        sure = any(match.kind not in {"partial", "fuzzy"} for match in matches)
        if not sure and len(matches) < ENOUGH_PARTIAL and self._corrected():
            matches = self._judged()
        return matches

    def _collect(self, clauses: Clauses) -> int:
        found = self.index.documents(
            catalog_id=self.catalog_id,
            clauses=clauses,
            restriction=self.restriction,
            limit=self.limit,
        )
        self.documents.update(found)
        return len(found)

    def _judged(self) -> list[TextMatch]:
        judge = Judge(self.query)
        found = dict(self.exact)
        for pk, document in self.documents.items():
            if pk not in found and (match := judge.words(pk, document)):
                found[pk] = match
        return list(found.values())

    def _exact(self) -> None:
        key = self.query.key
        whole = [Lexeme(normalise.WHOLE_TITLE + key), Lexeme(normalise.CODE + key)]
        if self.query.gtin:
            whole.append(Lexeme(normalise.CODE + self.query.gtin))
        self._collect([whole])
        judge = Judge(self.query)
        for pk, document in self.documents.items():
            if match := judge.exact(pk, document):
                self.exact[pk] = match
        self._collect([[Lexeme(normalise.WHOLE_TITLE + key, prefix=True)]])

    def _words(self) -> None:
        singulars = [sorted(normalise.singulars(term)) for term in self.query.terms]
        titles = [[Lexeme(normalise.TITLE_WORD + word) for word in each] for each in singulars]
        if self._collect(titles) < self.limit:
            self._collect(
                [[*map(Lexeme, each), *self._pairs(n)] for n, each in enumerate(singulars)]
            )

    def _pairs(self, n: int) -> list[Lexeme]:
        """The term written as one with the one before and the one after it: "tea pot"."""
        terms = self.query.terms
        return [Lexeme(terms[i] + terms[i + 1]) for i in (n - 1, n) if 0 <= i < len(terms) - 1]

    def _parts(self, term: str) -> list[Lexeme]:
        last = term == self.query.terms[-1]
        lexemes = [Lexeme(word) for word in sorted(normalise.singulars(term))]
        if last or len(term) >= MIN_PART:
            lexemes.append(Lexeme(term, prefix=True))
        words = completions(self.index, catalog_id=self.catalog_id, part=term)
        return [*lexemes, *map(Lexeme, words)]

    def _corrected(self) -> bool:
        """Look for what the terms may misspell; whether there is anything to look for."""
        terms = self.query.terms
        found = {
            term: corrections(
                self.index, catalog_id=self.catalog_id, word=term, unfinished=term == terms[-1]
            )
            for term in terms
        }
        if not any(found.values()):
            return False
        self.query = replace(self.query, corrections=found)
        self._collect([[*self._parts(term), *map(Lexeme, found[term])] for term in terms])
        return True
