"""From a query to an ordered list of products, with what put each of them there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial

import structlog

from catalog.index import vector_index
from catalog.index.payload import PRODUCT
from catalog.index.protocol import CollectionNotFound, IndexProblem
from catalog.index.spaces import is_filled, live_space
from catalog.models import Catalog, EmbeddingSpace, Product
from catalog.search.looks import Looks, looks_of
from catalog.search.query import Filters, Query
from catalog.textsearch import TextMatch, search_text
from prodintel.engine import configured
from prodintel.engine.client import EngineClient
from prodintel.engine.errors import EngineError
from prodintel.engine.vectors import MAX_RESULTS, AnyOf, Filter

logger = structlog.get_logger(__name__)
EXACT, STRONG, WEAK = "exact", "strong", "weak"
ORDER = (EXACT, STRONG, WEAK)
EXACT_KINDS = frozenset({"sku", "gtin", "mpn", "title"})
# Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009): words that stand in a title outweigh
# looks, a misspelling's likely meaning stands among the best looks.
FUSION_K = 60
TEXT_WEIGHTS = {"words": 1.3, "partial": 1.0, "fuzzy": 0.9}
STRONG_SCORE = 1.5
SAME_PHOTO = 0.985
TEXT_LIMIT = 300
ROUNDS = 4


@dataclass(frozen=True)
class Ranked:
    """A product's place in the answer. `cosine` and `standard` are None without a look at it."""

    product_id: int
    score: float
    strength: str
    text_kind: str = ""
    matched: str = ""
    cosine: float | None = None
    standard: float | None = None
    placement_id: int | None = None


@dataclass(frozen=True)
class Ranking:
    """At most 1,000 products, best first. `notice` says what part of the search did not work;
    `token` names the ranking where it is kept.
    """

    ranked: list[Ranked] = field(default_factory=list)
    notice: str = ""
    no_good_match: bool = False
    encode_ms: float = 0.0
    index_ms: float = 0.0
    token: str = ""

    @property
    def matching(self) -> list[Ranked]:
        """What is more than a weak match."""
        return [each for each in self.ranked if each.strength != WEAK]

    @property
    def counted(self) -> list[int]:
        """The products that facets count: what matches; where nothing does, everything."""
        return [each.product_id for each in self.matching or self.ranked]


@dataclass
class _Seen:
    cosine: float
    standard: float
    placement_id: int


def rank(catalog: Catalog, query: Query, *, seeing: Seeing | None = None) -> Ranking:
    """Answer a query that asks for something: exact matches, then words and looks fused.

    An engine or an index that is away costs the looks, not the answer. `seeing` of the same query
    with other filters saves encoding it again.
    """
    narrow = partial(query.filters.apply, currency=catalog.currency) if query.filters else None
    matches = search_text(catalog_id=catalog.pk, query=query.words, limit=TEXT_LIMIT, narrow=narrow)
    seeing = seeing or Seeing(catalog, query)
    seen = seeing.search(query.filters)
    fused = _fuse(matches, seen, seeing.looks, query.words_share)
    ranked = [each for each in fused if each.product_id != query.like][:MAX_RESULTS]
    return Ranking(
        ranked=ranked,
        notice=seeing.notice,
        no_good_match=not seeing.notice and all(each.strength == WEAK for each in ranked),
        encode_ms=seeing.encode_ms,
        index_ms=seeing.index_ms,
    )


class Seeing:
    """The part of a search that goes by looks; what cannot be had is said in `notice`."""

    def __init__(self, catalog: Catalog, query: Query) -> None:
        self._catalog = catalog
        self._space = live_space()
        self.notice = ""
        self.encode_ms = self.index_ms = 0.0
        started = time.perf_counter()
        self.looks = self._looks(query)
        self.encode_ms = (time.perf_counter() - started) * 1000

    def _looks(self, query: Query) -> Looks | None:
        if self._space is None:
            self.notice = "The encoder is being loaded: results go by words only until it is."
            return None
        try:
            engine: EngineClient | None = configured.client()
            if query.words or query.less:
                engine = configured.client_for(self._space.fingerprint)
            if engine is None:
                self.notice = (
                    "The encoder is being loaded or changed: results go by words only until the "
                    "photos are ready."
                )
                return None
            encode = partial(engine.encode_texts, model=self._space.fingerprint)
            return looks_of(query, self._space, encode)
        except EngineError as error:
            logger.info("search without looks", reason=str(error))
            self.notice = "The encoder does not answer: results go by words only until it does."
            return None

    def search(self, filters: Filters) -> dict[int, _Seen]:
        """The best-looking placement of each product, best first."""
        if self.looks is None or self._space is None:
            return {}
        started = time.perf_counter()
        try:
            where = filters.conditions(self._catalog.pk)
            return _lacking(self._nearest(self._space, self.looks, where), filters)
        except CollectionNotFound:
            self.notice = "The index is being filled: results go by words only until it is."
            return {}
        except IndexProblem as error:
            logger.warning("search without looks", reason=str(error))
            self.notice = "The index does not answer: results go by words only until it does."
            return {}
        finally:
            self.index_ms += (time.perf_counter() - started) * 1000

    def _nearest(self, space: EmbeddingSpace, looks: Looks, where: Filter) -> dict[int, _Seen]:
        """The nearest products: 1,000 or more where there are as many.

        The index gives at most 1,000 photos a call. While these are of fewer products it is asked
        again for photos of others, four times in all: where the nearest products have hundreds of
        photos each, there are fewer.
        """
        index = vector_index()
        seen: dict[int, _Seen] = {}
        for _ in range(ROUNDS):
            others = Filter(where.must, (AnyOf(PRODUCT, tuple(seen)),) if seen else ())
            points = index.search(
                space.collection, looks.vector, where=others, limit=MAX_RESULTS, fields=(PRODUCT,)
            )
            for point in points:
                standard = looks.standard(point.score)
                seen.setdefault(point.payload[PRODUCT], _Seen(point.score, standard, point.id))
            if len(points) < MAX_RESULTS or len(seen) >= MAX_RESULTS:
                break
        # Before the search and after it: a rebuild may have begun meanwhile.
        still = EmbeddingSpace.objects.filter(pk=space.pk, filled_index=index.identity)
        if not (is_filled(index, space) and still.exists()):
            self.notice = (
                "The index is being rebuilt: words find everything, looks only a part until it is "
                "done."
            )
        return seen


def _lacking(seen: dict[int, _Seen], filters: Filters) -> dict[int, _Seen]:
    """Those that lack what they should, which the index knows only in part."""
    if not filters.missing:
        return seen
    lacking = filters.lacking(Product.objects.filter(pk__in=seen))
    kept = set(lacking.values_list("pk", flat=True))
    return {product_id: look for product_id, look in seen.items() if product_id in kept}


def _fuse(
    matches: list[TextMatch], seen: dict[int, _Seen], looks: Looks | None, words_share: float
) -> list[Ranked]:
    exact = [match for match in matches if match.kind in EXACT_KINDS]
    other = [match for match in matches if match.kind not in EXACT_KINDS]
    by_text = {match.product_id: match for match in matches}
    fused: dict[int, float] = {}
    for place, product_id in enumerate(seen):
        fused[product_id] = 1.0 / (FUSION_K + place + 1)
    for place, match in enumerate(other):
        weight = words_share * TEXT_WEIGHTS.get(match.kind, 1.0)
        fused[match.product_id] = fused.get(match.product_id, 0.0) + weight / (FUSION_K + place + 1)
    first = [match.product_id for match in exact]
    for product_id in first:
        fused.pop(product_id, None)
    rest = sorted(fused, key=lambda product_id: (-fused[product_id], product_id))
    ranked = [
        _ranked(product_id, fused.get(product_id, 1.0), by_text.get(product_id), seen, looks)
        for product_id in [*first, *rest]
    ]
    return sorted(ranked, key=lambda each: ORDER.index(each.strength))


def _ranked(
    product_id: int,
    fused: float,
    match: TextMatch | None,
    seen: dict[int, _Seen],
    looks: Looks | None,
) -> Ranked:
    look = seen.get(product_id)
    strength = WEAK
    if (match is not None and match.kind in EXACT_KINDS) or (
        look is not None and look.cosine >= SAME_PHOTO
    ):
        strength = EXACT
    elif (
        match is not None
        or looks is None
        or not looks.calibrated
        or (look is not None and look.standard >= STRONG_SCORE)
    ):
        strength = STRONG
    return Ranked(
        product_id=product_id,
        score=round(min(fused * (FUSION_K + 1) / 2.3, 1.0), 4) if strength != EXACT else 1.0,
        strength=strength,
        text_kind=match.kind if match else "",
        matched=match.matched if match else "",
        cosine=round(look.cosine, 4) if look else None,
        standard=round(look.standard, 3) if look else None,
        placement_id=look.placement_id if look else None,
    )
