"""Describing by vision model: what it would take, runs, and how far the work of a catalogue is."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from catalog import selectors
from catalog.activity import Activity
from catalog.activity.queues import Queue
from catalog.activity.runs import Progress, progress_of
from catalog.api.errors import Refusal
from catalog.api.schemas import Id, Strict
from catalog.describe.estimate import plan_of
from catalog.describe.fields import chosen_of
from catalog.describe.queue import is_describing
from catalog.describe.selection import Only, part_of
from catalog.models import Catalog, DescribeRun, DescribeRunState
from catalog.search import Filters
from catalog.services import describe_runs as services
from catalog.services.describing_pause import describing_pause, describing_resume
from catalog.services.work import failed_work_retry
from catalog.views.activity import current_activity, forget_activity
from prodintel.llm.budgets import own_left
from prodintel.llm.spend import Spent

router = Router(tags=["describing"])
MOST_PRODUCTS = 1000
MOST_FIELDS = 200


class DescribeIn(Strict):
    """Which products: by id, or all that fit the filters; all of the catalogue without either."""

    products: list[Id] | None = Field(None, max_length=MOST_PRODUCTS)
    filters: dict[str, Any] | None = Field(None, description='As of search: {"color": ["red"]}')
    only: Only = Field(Only.ALL, description="A part of them alone")
    again: bool = Field(
        default=False, description="Also those that have not changed since they were described"
    )
    fields: list[str] | None = Field(
        None,
        max_length=MOST_FIELDS,
        description="These alone, such as title, alt_text or material; all of them without",
    )
    trial: bool = Field(default=False, description="Try it on at most 50 first; see accept")
    dry_run: bool = Field(default=False, description="Say what it would take, and start nothing")


class CostOut(Schema):
    calls: int
    tokens: int
    seconds: float | None = Field(description="Until the last is answered; null: nobody can tell")
    usd: str | None = Field(description="null: the price of the model is not known")
    limited_by: str
    days: int | None = Field(description="On how many days the daily budget spreads it")


class EstimateOut(CostOut):
    products: int
    without_photos: int = Field(description="Left out: there is nothing to describe them from")
    unchanged: int = Field(description="Left out: as they were when they were described")
    tokens_a_call: int
    tokens_measured: bool
    ahead: int = Field(description="Calls that wait already and come first")
    trial: CostOut
    configured: bool = Field(description="Whether a vision model is connected")


class ProgressOut(Schema):
    total: int
    waiting: int
    running: int
    done: int
    failed: int
    left_out: int = Field(description="Described only if somebody says so")


class RunOut(Schema):
    id: int
    catalog: str
    label: str
    state: str = Field(description="trial, running, done, stopped or discarded")
    products: int
    fields: list[str] = Field(description="Those that are asked about alone; empty: all")
    progress: ProgressOut
    estimate: dict[str, Any]
    batch: int | None = Field(description="What it writes, to be undone as a whole")
    created_at: datetime

    @classmethod
    def of(cls, run: DescribeRun) -> RunOut:
        progress = progress_of([run])[run.pk]
        finished = run.state == DescribeRunState.RUNNING and not progress.unfinished
        return cls(
            id=run.pk,
            catalog=run.catalog.slug,
            label=run.label,
            state="done" if finished else run.state,
            products=run.product_count,
            fields=run.fields,
            progress=_progress(progress),
            estimate=run.estimate,
            batch=run.batch_id,
            created_at=run.created_at,
        )


def _progress(progress: Progress) -> ProgressOut:
    return ProgressOut(
        total=progress.total,
        waiting=progress.waiting,
        running=progress.running,
        done=progress.done,
        failed=progress.failed,
        left_out=progress.left_out,
    )


class AcceptIn(Strict):
    rest: bool = Field(default=True, description="Have the other products described too")


class QueueOut(Schema):
    total: int
    waiting: int
    running: int
    done: int
    failed: int
    a_minute: float = Field(description="Done a minute, over the last minutes")
    seconds_left: float | None

    @classmethod
    def of(cls, queue: Queue, seconds_left: float | None) -> QueueOut:
        return cls(
            total=queue.total,
            waiting=queue.pending,
            running=queue.running,
            done=queue.done,
            failed=queue.failed,
            a_minute=round(queue.rate, 1),
            seconds_left=seconds_left,
        )


class SpentOut(Schema):
    usd: str | None = Field(description="null: the price of the model is not known")
    tokens: int
    calls: int

    @classmethod
    def of(cls, spent: Spent) -> SpentOut:
        usd = spent.cost_usd if spent.calls else Decimal(0)
        return cls(usd=_usd(usd), tokens=spent.tokens, calls=spent.calls)


class LeftOut(Schema):
    usd: str | None = Field(description="null: no limit of your own")
    tokens: int | None


def _usd(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.4f}"


class UnpaidOut(Schema):
    person: str
    products: int


class ActivityOut(Schema):
    busy: bool
    photos: int
    searchable: int
    looks: QueueOut
    first_attributes: QueueOut
    vision: QueueOut
    vision_state: str = Field(
        description="not configured, paused, waiting (a limit or a budget), unavailable or ok"
    )
    vision_why: str
    unpaid: list[UnpaidOut] = Field(description="Who waits for tomorrow's budget of their own")
    spent_today: SpentOut | None = Field(description="By this catalogue; null: no model connected")
    site_spent_today: SpentOut | None = Field(description="By all catalogues, for superusers")
    left_today: LeftOut = Field(description="Of your own daily budget")
    paused_at: datetime | None
    runs: list[RunOut]

    @classmethod
    def of(cls, activity: Activity, user: Any) -> ActivityOut:
        vision = activity.vision
        left = own_left(user.pk)
        site_spent = vision.site_spent if user.is_superuser else None
        state = vision.limits.state if vision.limits else "not configured"
        return cls(
            busy=activity.busy,
            photos=activity.photos,
            searchable=activity.searchable,
            looks=QueueOut.of(activity.embed, activity.embed.eta_seconds),
            first_attributes=QueueOut.of(activity.describe, activity.describe.eta_seconds),
            vision=QueueOut.of(vision.queue, None if vision.paused_at else vision.eta_seconds),
            vision_state="paused" if vision.paused_at and vision.configured else state,
            vision_why=vision.limits.why if vision.limits else "",
            unpaid=[UnpaidOut(person=name, products=n) for name, n in vision.unpaid],
            spent_today=SpentOut.of(vision.spent) if vision.spent else None,
            site_spent_today=SpentOut.of(site_spent) if site_spent else None,
            left_today=LeftOut(usd=_usd(left.usd), tokens=left.tokens),
            paused_at=vision.paused_at,
            runs=[RunOut.of(run) for run, _ in vision.runs],
        )


class RetriedOut(Schema):
    retried: int


@router.post("/catalogs/{slug:slug}/describe", response={202: RunOut, 200: EstimateOut})
def describe(request: HttpRequest, slug: str, body: DescribeIn) -> Any:
    """Have products described by the vision model. `dry_run` answers 200 with what it would take."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    products = selectors.products_in(catalog)
    if body.products is not None:
        products = products.filter(pk__in=body.products)
    if body.filters:
        products = Filters.parse(body.filters).apply(products, catalog.currency)
    chosen = part_of(products, body.only)
    fields = chosen_of(body.fields or [])
    plan = plan_of(catalog, chosen, user_id=request.user.pk, again=body.again, fields=fields)
    estimate = {**plan.as_json(), "configured": is_describing()}
    if body.dry_run:
        return Status(200, estimate)
    if not estimate["configured"]:
        message = "No vision model is connected: a superuser can enter a key on the site."
        raise Refusal(HTTPStatus.CONFLICT, "not_configured", message)
    run = services.describe_run_start(
        catalog=catalog,
        product_ids=plan.product_ids,
        actor=request.user,
        trial=body.trial,
        forced=body.again,
        fields=fields,
        estimate=estimate,
    )
    forget_activity(catalog)
    return Status(202, RunOut.of(run))


@router.get("/describe-runs/{int:pk}", response=RunOut)
def run_get(request: HttpRequest, pk: int) -> Any:
    """A run and how far it is."""
    return RunOut.of(selectors.describe_run_for(request.user, pk))


@router.post("/describe-runs/{int:pk}/accept", response=RunOut)
def run_accept(request: HttpRequest, pk: int, body: AcceptIn) -> Any:
    """Write what a trial said, without asking it again, and go on with the rest."""
    run = selectors.describe_run_for(request.user, pk, selectors.EDIT)
    services.describe_run_accept_trial(run=run, actor=request.user, rest=body.rest)
    return _changed(run)


@router.post("/describe-runs/{int:pk}/discard", response=RunOut)
def run_discard(request: HttpRequest, pk: int) -> Any:
    """Drop what a trial said: nothing is written."""
    run = selectors.describe_run_for(request.user, pk, selectors.EDIT)
    services.describe_run_discard(run=run, actor=request.user)
    return _changed(run)


@router.post("/describe-runs/{int:pk}/stop", response=RunOut)
def run_stop(request: HttpRequest, pk: int) -> Any:
    """Ask nothing more; what was said stays."""
    run = selectors.describe_run_for(request.user, pk, selectors.EDIT)
    services.describe_run_stop(run=run, actor=request.user)
    return _changed(run)


@router.post("/describe-runs/{int:pk}/reopen", response=RunOut)
def run_reopen(request: HttpRequest, pk: int) -> Any:
    """Go on with a run that was stopped, or look again at a trial that was discarded."""
    run = selectors.describe_run_for(request.user, pk, selectors.EDIT)
    services.describe_run_reopen(run=run, actor=request.user)
    return _changed(run)


def _changed(run: DescribeRun) -> RunOut:
    forget_activity(run.catalog)
    return RunOut.of(run)


@router.get("/catalogs/{slug:slug}/activity", response=ActivityOut)
def activity_get(request: HttpRequest, slug: str) -> Any:
    """How far the work of a catalogue is, about a second old."""
    catalog = selectors.catalog_for(request.user, slug)
    return ActivityOut.of(current_activity(catalog), request.user)


@router.post("/catalogs/{slug:slug}/activity/pause", response=ActivityOut)
def activity_pause(request: HttpRequest, slug: str) -> Any:
    """Ask the vision model nothing more of this catalogue until it is resumed."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    describing_pause(catalog=catalog, actor=request.user)
    return _anew(catalog, request.user)


@router.post("/catalogs/{slug:slug}/activity/resume", response=ActivityOut)
def activity_resume(request: HttpRequest, slug: str) -> Any:
    """Go on describing."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    describing_resume(catalog=catalog, actor=request.user)
    return _anew(catalog, request.user)


def _anew(catalog: Catalog, user: Any) -> ActivityOut:
    forget_activity(catalog)
    return ActivityOut.of(current_activity(catalog), user)


@router.post("/catalogs/{slug:slug}/activity/retry", response=RetriedOut)
def activity_retry(request: HttpRequest, slug: str) -> Any:
    """Give everything of the catalogue that failed all its tries anew."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    count = failed_work_retry(catalog=catalog, actor=request.user)
    forget_activity(catalog)
    return RetriedOut(retried=count)
