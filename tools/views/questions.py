"""Questions about an item: its conversations, the box that asks, and the one that is going on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from catalog import selectors as catalog_selectors
from catalog.models import Product
from catalog.views.http import Request, first_message, number
from catalog.views.product import product_in
from prodintel.llm.gateway import gateway
from tools import selectors
from tools.blocks import render_block
from tools.conversations import (
    TOOL,
    conversation_of,
    conversations_of,
    question_of,
    questions_asked,
)
from tools.evidence import product_facts
from tools.facts import Neighbours
from tools.kinds.base import EVIDENCE
from tools.kinds.question.evidence import as_facts
from tools.kinds.question.options import QuestionForm
from tools.kinds.question.suggesting import suggested
from tools.kinds.question.tool import Question
from tools.models import ToolRun
from tools.options import checked_options
from tools.runs import running
from tools.services.runs import run_create
from tools.views.live import page_values
from tools.views.tool import product_values


@require_http_methods(["GET", "POST"])
@login_required
def questions(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """A conversation about the product: the one that `run` ends, else the last; POST asks.

    For htmx with `box`, only the box that asks.
    """
    product = product_in(request, slug, pk)
    may_ask = catalog_selectors.may(request.user, product.catalog, selectors.RUN)
    if request.method == "POST":
        return _ask(request, product, may_ask=may_ask)
    if request.htmx and "box" in request.GET:
        values = _box(product, [], may_ask=may_ask) | {
            "conversations": conversations_of(product),
            "catalog": product.catalog,
            "product": product,
        }
        return render(request, "tools/_question_box.html", values)
    return _page(request, product, _chosen(request, product), QuestionForm(), may_ask=may_ask)


def _chosen(request: Request, product: Product) -> ToolRun | None:
    """The last turn of the conversation to show; None for a new one."""
    if "new" in request.GET:
        return None
    runs = ToolRun.objects.select_related("catalog", "created_by")
    mine = runs.filter(product=product, tool=TOOL)
    return mine.filter(pk=number(request.GET.get("run"), 0)).first() or mine.first()


def _ask(request: Request, product: Product, *, may_ask: bool) -> HttpResponseBase:
    if not may_ask:
        raise PermissionDenied(catalog_selectors.READ_ONLY)
    before = _before(request, product)
    data = request.POST.copy()
    if chosen := data.get("suggested"):
        data["question"] = chosen
    form = QuestionForm(data)
    if form.is_valid():
        try:
            options = checked_options(Question(), form.cleaned_data)
        except ValidationError as error:
            form.add_error("question", first_message(error))
        else:
            run = run_create(
                product=product,
                tool=TOOL,
                options=options,
                actor=request.user,
                prompt_version=Question.prompt_version,
                follows=before,
                redone_from=_again(request, product),
            )
            running.start(run)
            return redirect(f"{_url(product)}?run={run.pk}#turn-{run.pk}")
    return _page(request, product, before, form, may_ask=True)


def _before(request: Request, product: Product) -> ToolRun | None:
    """The turn that the question follows: the one named, or that of the run that is done again."""
    runs = ToolRun.objects.select_related("catalog", "created_by", "follows")
    mine = runs.filter(product=product, tool=TOOL)
    if again := _again(request, product):
        return again.follows
    return mine.filter(pk=number(request.POST.get("follows"), 0)).first()


def _again(request: Request, product: Product) -> ToolRun | None:
    pk = number(request.POST.get("again"), 0)
    return ToolRun.objects.filter(pk=pk, product=product, tool=TOOL).first() if pk else None


def _page(
    request: Request, product: Product, last: ToolRun | None, form: QuestionForm, *, may_ask: bool
) -> HttpResponseBase:
    turns = conversation_of(last) if last else []
    values = {
        **product_values(product, TOOL),
        "tool": Question,
        "form": form,
        "conversations": conversations_of(product),
        "turns": [_turn(turn) for turn in turns[:-1]],
        "last": last,
        "question": question_of(last) if last else "",
        "has_model": gateway().is_configured(),
        **_box(product, turns, may_ask=may_ask),
    }
    if last is not None:
        values |= page_values(
            *running.as_it_is(last), may_edit=may_ask, csrf_token=get_token(request)
        )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "tools/questions.html", values, status=status)


def _box(product: Product, turns: list[ToolRun], *, may_ask: bool) -> dict[str, Any]:
    """What the box that asks is made of; its suggestions need neither engine nor model."""
    if not may_ask:
        return {"may_ask": False}
    facts = product_facts(product)
    told = as_facts(facts, Neighbours())
    return {
        "may_ask": True,
        "ask_url": _url(product),
        "suggested": suggested(told, facts.category, questions_asked(turns)),
    }


def _turn(run: ToolRun) -> dict[str, Any]:
    """A turn before the last. Its blocks have ids of their own: the page has those of the last too."""
    blocks = selectors.with_edits(running.course_of(run.pk).blocks.values(), run.edits)
    return {
        "run": run,
        "question": question_of(run),
        "blocks": [
            render_block({**block, "id": f"{block['id']}-{run.pk}"}, run, may_edit=False)
            for block in blocks
            if block["part"] != EVIDENCE
        ],
    }


def _url(product: Product) -> str:
    return reverse("tools:questions", args=[product.catalog.slug, product.pk])


# Before the pages of tools in general, whose address this is for the tool of this name.
urlpatterns = [
    path(f"c/<slug:slug>/products/<int:pk>/tools/{TOOL}/", questions, name="questions"),
]
