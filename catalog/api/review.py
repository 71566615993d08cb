"""Review over the API: the queue, decisions in bulk, samples."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from catalog import review_samples as reads
from catalog import reviews, selectors
from catalog.api.errors import Refusal
from catalog.api.schemas import STORABLE, Id, Strict
from catalog.models import Catalog, Category, LedgerEntry, ReviewSample
from catalog.models.sources import MACHINE_SOURCES
from catalog.reviews import BAND_LABELS, Narrowed
from catalog.services.review_acts import Act, ActKind, OutcomeState, review_acts
from catalog.services.review_samples import SIZE, sample_accept_rest, sample_draw
from catalog.views.http import MAX_DIGITS
from catalog.views.review import may_act

router = Router(tags=["review"])
LIMIT = 50
MOST = 200
READ = selectors.EDIT | selectors.REVIEW


class QueueFilters(Schema):
    """What of the queue is wanted; empty is everything. `category` is a path, with all in it."""

    field: str = Field("", max_length=60, pattern=STORABLE)
    category: str = Field("", max_length=300, pattern=STORABLE)
    source: str = ""
    band: str = ""
    disagreements: bool = False

    def narrowed(self) -> Narrowed:
        _one_of("source", self.source, MACHINE_SOURCES)
        _one_of("band", self.band, BAND_LABELS)
        return Narrowed(**self.model_dump())


class SuggestionOut(Schema):
    """A machine's word on a field; `current` is what counts at present, whoever said it."""

    id: int
    product: int
    variant: int | None
    field: str
    locale: str
    photo: int | None
    value: list[Any] | None
    source: str
    model: str
    confidence: float | None
    said_confidence: float | None
    current: dict[str, Any] | None


class QueuePage(Schema):
    """Suggestions, the least certain first; `next_cursor` goes on behind them."""

    suggestions: list[SuggestionOut]
    next_cursor: str | None
    open: int


class DecisionIn(Strict):
    """One act on one suggestion: accept, reject, edit (with `value`) or undo."""

    entry: Id
    decision: ActKind
    value: Any = None


class DecisionsIn(Strict):
    decisions: list[DecisionIn] = Field(min_length=1, max_length=MOST)


class DecisionOut(Schema):
    """What became of it: done, already (decided on before), or refused, with the reason."""

    entry: int
    state: OutcomeState
    message: str


class DecisionsOut(Schema):
    decisions: list[DecisionOut]


class SampleIn(Strict):
    field: str = Field(max_length=60, pattern=STORABLE)
    category: str = Field("", max_length=300, pattern=STORABLE)
    size: int = Field(SIZE, ge=1, le=1000)


class SampleOut(Schema):
    """How a sample stands. `wrong_in_rest` is about how many of the rest would be wrong."""

    id: int
    field: str
    category: str
    population: int
    size: int
    left: int
    right: int
    judged: int
    precision: float | None
    interval: tuple[float, float]
    rest: int
    wrong_in_rest: tuple[int, int]
    batch: int | None
    next: list[int]

    @classmethod
    def of(cls, sample: ReviewSample) -> SampleOut:
        standing = reads.standing(sample)
        rest = reads.rest(sample).count()
        return cls(
            id=sample.pk,
            field=sample.field,
            category=sample.category_path,
            population=sample.population,
            size=standing.size,
            left=standing.left,
            right=standing.precision.right,
            judged=standing.precision.judged,
            precision=standing.precision.share,
            interval=standing.precision.interval,
            rest=rest,
            wrong_in_rest=standing.precision.wrong_among(rest),
            batch=sample.batch_id,
            next=reads.next_ids(sample, LIMIT),
        )


class AcceptIn(Strict):
    """All of the rest, or what lies in one band of confidence."""

    band: str = ""


def _one_of(name: str, value: str, known: Any) -> None:
    if value and value not in known:
        raise ValidationError({name: [f"Use one of {', '.join(sorted(known))}."]})


@router.get("/catalogs/{slug:slug}/review", response=QueuePage)
def review_list(
    request: HttpRequest,
    slug: str,
    filters: Query[QueueFilters],
    cursor: str = "",
    limit: int = LIMIT,
) -> Any:
    """Open suggestions, the least certain first; `cursor` is the last answer's `next_cursor`."""
    catalog = selectors.catalog_for(request.user, slug, READ)
    narrowed = filters.narrowed()
    after = None
    if cursor:
        known = cursor.isascii() and cursor.isdigit() and len(cursor) <= MAX_DIGITS
        rows = LedgerEntry.objects.filter(product__catalog=catalog)
        after = rows.filter(pk=int(cursor)).first() if known else None
        if after is None:
            raise ValidationError({"cursor": ["Use the next_cursor of the last answer."]})
    size = max(1, min(limit, MOST))
    found = reviews.open_suggestions(catalog, narrowed)
    ids = reviews.least_certain(found, size + 1, after)
    rows_here = reviews.entries(ids[:size], catalog)
    current = reviews.current_values(rows_here)
    return QueuePage(
        suggestions=[_suggestion(row, current.get(row.pk)) for row in rows_here],
        next_cursor=str(ids[size - 1]) if len(ids) > size else None,
        open=found.count(),
    )


def _suggestion(row: LedgerEntry, current: Any) -> SuggestionOut:
    return SuggestionOut(
        id=row.pk,
        product=row.product_id,
        variant=row.variant_id,
        field=row.field,
        locale=row.locale,
        photo=row.photo_id,
        value=row.value,
        source=row.source,
        model=row.model,
        confidence=row.confidence,
        said_confidence=row.said_confidence,
        current=current
        and {"value": current.value, "source": current.source, "locked": current.locked},
    )


@router.post("/catalogs/{slug:slug}/review/decisions", response=DecisionsOut)
def review_decisions(request: HttpRequest, slug: str, body: DecisionsIn) -> Any:
    """Decide on suggestions in this order, each by itself; says what became of each."""
    catalog = selectors.catalog_for(request.user, slug, READ)
    return _decide(request, catalog, body, None)


def _decide(
    request: HttpRequest, catalog: Catalog, body: DecisionsIn, sample: ReviewSample | None
) -> DecisionsOut:
    acts = [Act(each.entry, each.decision, each.value) for each in body.decisions]
    may_act(request.user, catalog, acts)
    outcomes = review_acts(catalog=catalog, acts=acts, actor=request.user, sample=sample)
    return DecisionsOut(
        decisions=[
            DecisionOut(entry=each.entry_id, state=each.state, message=each.message)
            for each in outcomes
        ]
    )


@router.post("/catalogs/{slug:slug}/review/samples", response={201: SampleOut})
def sample_create(request: HttpRequest, slug: str, body: SampleIn) -> Any:
    """Draw a random sample of the open suggestions of a field, in a category if one is named."""
    catalog = selectors.catalog_for(request.user, slug, selectors.REVIEW)
    category = Category.objects.filter(path=body.category).first() if body.category else None
    if body.category and category is None:
        message = f"There is no category “{body.category}”."
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, {"category": [message]})
    sample = sample_draw(
        catalog=catalog, field=body.field, category=category, actor=request.user, size=body.size
    )
    return Status(201, SampleOut.of(sample))


def _sample(request: HttpRequest, pk: int, roles: frozenset) -> ReviewSample:
    found = ReviewSample.objects.select_related("catalog", "category", "batch")
    sample = found.filter(pk=pk, catalog__deleted_at=None).first()
    if sample is None:
        raise Http404
    selectors.catalog_for(request.user, sample.catalog.slug, roles)
    return sample


@router.get("/review/samples/{int:pk}", response=SampleOut)
def sample_get(request: HttpRequest, pk: int) -> Any:
    """How right the sample found the machine to be; `next` are suggestions yet to be judged."""
    return SampleOut.of(_sample(request, pk, READ))


@router.post("/review/samples/{int:pk}/verdicts", response=DecisionsOut)
def sample_verdicts(request: HttpRequest, pk: int, body: DecisionsIn) -> Any:
    """Judge suggestions of a sample: what is accepted is right, what is rejected or edited wrong."""
    sample = _sample(request, pk, READ)
    return _decide(request, sample.catalog, body, sample)


@router.post("/review/samples/{int:pk}/accept-rest", response={202: SampleOut})
def sample_accept(request: HttpRequest, pk: int, body: AcceptIn) -> Any:
    """Accept what a judged sample speaks for, as one batch; many take a job some time."""
    sample = _sample(request, pk, selectors.REVIEW)
    _one_of("band", body.band, BAND_LABELS)
    sample_accept_rest(sample=sample, actor=request.user, band=body.band)
    return Status(202, SampleOut.of(_sample(request, pk, selectors.REVIEW)))
