"""Runs of tools over the API: begun, read, followed as server-sent events, stopped, resumed, edited."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Schema, Status
from pydantic import Field

from catalog import selectors as catalog_selectors
from catalog.api.schemas import Id, Strict
from catalog.money import money_text
from catalog.services.errors import conflict
from catalog.views.http import number
from tools import selectors
from tools.models import ToolRun
from tools.options import checked_options, chosen_tool
from tools.registry import tools
from tools.runs import running
from tools.runs.following import followed
from tools.services.runs import run_create, run_edit, run_resume

router = Router(tags=["tools"])
MOST_RUNS = 100


class ToolOut(Schema):
    tool: str
    title: str
    summary: str
    options: dict[str, Any] = Field(description="JSON schema of the options; each has a default")
    output: dict[str, Any] = Field(description="JSON schema of the output of a run that is done")


class RunIn(Strict):
    tool: str
    options: dict[str, Any] = Field(default_factory=dict)
    follows: Id | None = Field(None, description="The question before in the same conversation")


class UsageOut(Schema):
    prompt_tokens: int
    completion_tokens: int
    cost_usd: str | None = Field(description="null: the price of the model is not known")


class TimingsOut(Schema):
    first_token_ms: int | None
    total_ms: int | None


class ToolRunOut(Schema):
    id: int
    tool: str
    product: int
    state: str = Field(description="queued, running, done, failed, stopped or interrupted")
    error: str
    options: dict[str, Any]
    evidence: dict[str, Any] = Field(description="What was computed before any model was asked")
    output: dict[str, Any] = Field(description="The result, with what people edited in it")
    blocks: list[dict[str, Any]] = Field(description="What the page of the run shows, in order")
    edits: dict[str, Any] = Field(description="Edited texts, by block and place")
    usage: UsageOut
    timings: TimingsOut
    writer: str = Field(description='"groq", or "draft": by rules, without a language model')
    model: str
    prompt_version: str
    last_event: int
    created_by: str | None
    created_at: datetime
    url: str

    @classmethod
    def of(cls, run: ToolRun) -> ToolRunOut:
        run, course = running.as_it_is(run)
        cost = money_text(run.cost_usd)
        return cls(
            id=run.pk,
            tool=run.tool,
            product=run.product_id,
            state=course.state,
            error=course.error,
            options=run.options,
            evidence=run.evidence,
            output=selectors.output_of(run),
            blocks=selectors.with_edits(course.blocks.values(), run.edits),
            edits=run.edits,
            usage=UsageOut(
                prompt_tokens=run.prompt_tokens,
                completion_tokens=run.completion_tokens,
                cost_usd=cost,
            ),
            timings=TimingsOut(first_token_ms=run.first_token_ms, total_ms=run.total_ms),
            writer=run.writer,
            model=run.model,
            prompt_version=run.prompt_version,
            last_event=course.number,
            created_by=run.created_by.get_username() if run.created_by else None,
            created_at=run.created_at,
            url=run.get_absolute_url(),
        )


class RunLine(Schema):
    """A run in a list."""

    id: int
    tool: str
    product: int
    state: str
    writer: str
    created_at: datetime


class EditIn(Strict):
    block: str = Field(max_length=100)
    place: str = Field(max_length=200, description='The path within its data: "headlines.0.text"')
    value: str | None = Field(None, description="null: the original again")


@router.get("/tools", response=list[ToolOut])
def tools_list(request: HttpRequest) -> Any:
    """The tools, with what may be chosen and what comes out."""
    del request
    return [
        ToolOut(
            tool=tool.key,
            title=tool.title,
            summary=tool.summary,
            options=tool.options.model_json_schema(),
            output=tool.output.model_json_schema(),
        )
        for tool in tools().values()
    ]


@router.post("/products/{int:pk}/runs", response={202: ToolRunOut})
def run_start(request: HttpRequest, pk: int, body: RunIn) -> Any:
    """Begin a run. Follow it at /runs/{id}/events, or ask for /runs/{id} again."""
    product = catalog_selectors.product_for(request.user, pk, selectors.RUN)
    tool = chosen_tool(body.tool)
    options = checked_options(tool, body.options)
    follows = None
    if body.follows is not None:
        runs = selectors.runs_of(product, tool.key)
        follows = runs.filter(pk=body.follows).first()
        if follows is None:
            raise conflict("follows", "There is no such run of this tool on this product.")
    run = run_create(
        product=product,
        tool=tool.key,
        options=options,
        actor=request.user,
        prompt_version=tool.prompt_version,
        follows=follows,
    )
    running.start(run)
    return Status(int(HTTPStatus.ACCEPTED), ToolRunOut.of(run))


@router.get("/products/{int:pk}/runs", response=list[RunLine])
def runs_list(request: HttpRequest, pk: int, tool: str = "") -> Any:
    """The product's last 100 runs, newest first."""
    product = catalog_selectors.product_for(request.user, pk)
    return [
        RunLine(
            id=run.pk,
            tool=run.tool,
            product=run.product_id,
            state=run.state,
            writer=run.writer,
            created_at=run.created_at,
        )
        for run in selectors.runs_of(product, tool)[:MOST_RUNS]
    ]


@router.get("/runs/{int:pk}", response=ToolRunOut)
def run_get(request: HttpRequest, pk: int) -> Any:
    """A run: what it has so far, or all of it."""
    return ToolRunOut.of(selectors.run_for(request.user, pk))


@router.post("/runs/{int:pk}/stop", response=ToolRunOut)
def run_stop(request: HttpRequest, pk: int) -> Any:
    """End a run where it is. What it wrote stays; it can be resumed."""
    run = selectors.run_for(request.user, pk, selectors.RUN)
    running.stop(run)
    return ToolRunOut.of(selectors.run_for(request.user, pk))


@router.post("/runs/{int:pk}/resume", response={202: ToolRunOut})
def run_resume_call(request: HttpRequest, pk: int) -> Any:
    """Go on with what a failed, stopped or interrupted run has not finished."""
    run = run_resume(run=selectors.run_for(request.user, pk, selectors.RUN))
    running.start(run)
    return Status(int(HTTPStatus.ACCEPTED), ToolRunOut.of(run))


@router.patch("/runs/{int:pk}", response=ToolRunOut)
def run_edit_call(request: HttpRequest, pk: int, body: EditIn) -> Any:
    """Have a text of the result read otherwise. The original is kept."""
    run = selectors.run_for(request.user, pk, selectors.RUN)
    run_edit(run=run, block=body.block, place=body.place, text=body.value)
    return ToolRunOut.of(selectors.run_for(request.user, pk))


@router.get("/runs/{int:pk}/events", response=None)
def run_events(request: HttpRequest, pk: int, after: int = 0) -> StreamingHttpResponse:
    """Server-sent events, numbered from 1 without gaps: those after `after`, then the rest as they
    come, to the end of the run. Their kinds are block, text, data and state.
    """
    run = selectors.run_for(request.user, pk)
    start = number(request.headers.get("Last-Event-ID"), after)
    token = request.headers["Authorization"].partition(" ")[2]
    events = followed(run.pk, start, lambda: _admit(token, run.pk))
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _admit(token: str, pk: int) -> None:
    """Raises Http404 or PermissionDenied once the token's owner may not see the run any more."""
    user = catalog_selectors.token_user(token)
    if user is None:
        raise PermissionDenied
    selectors.run_for(user, pk)
