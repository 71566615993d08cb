"""Tools run over many products, over the API. Stopped and undone as all such acts: see /jobs/{id}."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from catalog import selectors as catalogs
from catalog.api.schemas import STORABLE, Id, Strict
from catalog.models import Catalog, Job
from catalog.money import money_text
from catalog.search import Filters
from catalog.views.activity import forget_activity
from catalog.views.bulk_acts import act_label, told
from prodintel.lib.work import WorkState
from prodintel.llm.gateway import gateway
from tools.bulk.act import OPTIONS, TOOL
from tools.bulk.estimate import cost_of, usual_run
from tools.bulk.reading import bulk_job_for, bulk_state_of, runs_of_job
from tools.kinds.base import Tool
from tools.options import checked_options, chosen_tool
from tools.services.bulk import tool_runs_retry, tool_runs_start

router = Router(tags=["tools"])
MOST_BY_ID = 10_000
PAGE = 200


class ToolRunsIn(Strict):
    """Which tool, and on which products: those of these ids, or all that fit the filters.

    One of both is needed: `filters: {}` is the whole catalogue. `dry_run` answers 200 with what it
    would take.
    """

    tool: str = Field(max_length=40, pattern=STORABLE)
    options: dict[str, Any] = Field(default_factory=dict)
    product_ids: list[Id] | None = Field(None, max_length=MOST_BY_ID)
    filters: dict[str, Any] | None = None
    dry_run: bool = False


class RunsEstimateOut(Schema):
    """What it would take. `usd` and `seconds` are null where nobody can tell; `days`: on how many the
    daily budgets spread it.
    """

    products: int
    calls: int
    tokens: int
    tokens_measured: bool
    seconds: float | None
    usd: str | None
    days: int | None
    configured: bool = Field(description="false: drafts by rules, which cost nothing")


class RunOfJobOut(Schema):
    id: int
    product: int
    state: str
    error: str


class ToolRunsOut(Schema):
    """How far a tool is with its products."""

    id: int
    tool: str
    options: dict[str, Any]
    label: str
    state: str = Field(description="pending, running, done, stopped, or failed: see error")
    done: int = Field(description="Products that were dealt with")
    total: int
    failed: int
    suggested: int = Field(description="Values suggested, as one batch")
    waiting: int = Field(description="Of them in the review queue")
    batch: int | None = Field(description="POST /batches/{id}/undo takes all of it back")
    tokens: int
    cost_usd: str | None
    message: str = Field(description="What it did, once it has ended")
    error: str = Field(description="Why it waits, or came no further")
    created_at: datetime
    finished_at: datetime | None
    runs: list[RunOfJobOut] = Field(description=f"Those that failed first, at most {PAGE}")

    @classmethod
    def of(cls, job: Job) -> ToolRunsOut:
        state = bulk_state_of(job)
        ended = job.state == WorkState.DONE
        return cls(
            id=job.pk,
            tool=job.arguments[TOOL],
            options=job.arguments[OPTIONS],
            label=act_label(job),
            state=state.state,
            done=job.progress_done,
            total=job.progress_total,
            failed=state.failed,
            suggested=state.suggested,
            waiting=state.waiting,
            batch=state.batch.pk if state.batch else None,
            tokens=state.tokens,
            cost_usd=money_text(state.cost_usd),
            message=told(job.kind, job.arguments, job.result) if ended else "",
            error=job.error,
            created_at=job.created_at,
            finished_at=job.finished_at,
            runs=[
                RunOfJobOut(id=run.pk, product=run.product_id, state=run.state, error=run.error)
                for run in runs_of_job(job)[:PAGE]
            ],
        )


def _product_ids(catalog: Catalog, body: ToolRunsIn) -> list[int]:
    if body.product_ids is None and body.filters is None:
        raise ValidationError({"product_ids": ["Say which products: product_ids or filters."]})
    products = catalogs.products_in(catalog)
    if body.product_ids is not None:
        products = products.filter(pk__in=body.product_ids)
    if body.filters:
        products = Filters.parse(body.filters).apply(products, catalog.currency)
    return list(products.values_list("pk", flat=True))


@router.post("/catalogs/{slug:slug}/tool-runs", response={202: ToolRunsOut, 200: RunsEstimateOut})
def tool_runs(request: HttpRequest, slug: str, body: ToolRunsIn) -> Any:
    """Have a tool run on many products in the background; what it suggests waits for review."""
    catalog = catalogs.catalog_for(request.user, slug, catalogs.EDIT)
    tool = chosen_tool(body.tool)
    options = checked_options(tool, body.options)
    ids = _product_ids(catalog, body)
    if body.dry_run:
        return Status(int(HTTPStatus.OK), _estimate(tool, len(ids), request.user.pk))
    job = tool_runs_start(
        catalog=catalog, tool=tool, options=options, product_ids=ids, actor=request.user
    )
    forget_activity(catalog)
    return Status(int(HTTPStatus.ACCEPTED), ToolRunsOut.of(job))


def _estimate(tool: Tool, runs: int, user_id: int | None) -> RunsEstimateOut:
    usual = usual_run(tool)
    cost = cost_of(usual, runs, user_id)
    return RunsEstimateOut(
        products=runs,
        calls=cost.calls,
        tokens=cost.tokens,
        tokens_measured=usual.measured,
        seconds=cost.seconds,
        usd=None if cost.usd is None else f"{cost.usd:.4f}",
        days=cost.days,
        configured=gateway().is_configured(),
    )


@router.get("/tool-runs/{int:job}", response=ToolRunsOut)
def tool_runs_get(request: HttpRequest, job: int) -> Any:
    """How far it is, and its runs."""
    return ToolRunsOut.of(bulk_job_for(request.user, job))


@router.post("/tool-runs/{int:job}/retry", response={202: ToolRunsOut})
def tool_runs_again(request: HttpRequest, job: int) -> Any:
    """Go on with the runs that failed or were stopped, by another job; nothing is paid twice."""
    found = bulk_job_for(request.user, job, catalogs.EDIT)
    again = tool_runs_retry(job=found, tool=chosen_tool(found.arguments[TOOL]), actor=request.user)
    assert again.catalog is not None
    forget_activity(again.catalog)
    return Status(int(HTTPStatus.ACCEPTED), ToolRunsOut.of(again))
