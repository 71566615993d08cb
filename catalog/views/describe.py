"""Before anything is asked of the vision model: how much it would be, and the ways to start."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog import selectors
from catalog.describe.estimate import Cost, Plan, plan_of
from catalog.describe.fields import OWN, choosable, chosen_of
from catalog.describe.queue import is_describing
from catalog.describe.selection import Only, part_of, part_sizes
from catalog.models import Catalog
from catalog.services import describe_runs as services
from catalog.services.describe_runs import TRIAL_SIZE
from catalog.views import present
from catalog.views.choosing import Chosen, chosen_products
from catalog.views.http import Request, done, first_message, number, refused
from catalog.views.vision import left_words, models_url
from catalog.views.words import about_usd, count_of, duration, usd
from prodintel.llm import budgets

PARTS = {
    Only.ALL: "All of them",
    Only.NEVER: "Never described",
    Only.ZERO_SHOT: "With first attributes",
    Only.FAILED: "Failed",
}
TRIAL, ZERO_SHOT = "trial", "zero-shot"
# An imported vocabulary may have thousands; the API takes any of them.
MOST_ATTRIBUTES = 120


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def describe(request: Request, slug: str) -> HttpResponseBase:
    """The page that says what describing the chosen products takes, and starts it."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    if request.method == "POST":
        return _start(request, catalog)
    return render(request, "catalog/describe.html", _values(request, catalog, request.GET))


def _values(
    request: Request, catalog: Catalog, address: QueryDict, notice: str = ""
) -> dict[str, Any]:
    chosen = chosen_products(catalog, address, request.user.pk)
    only, again, fields = _only(address), address.get("again") == "1", _fields(address)
    plan = plan_of(
        catalog,
        part_of(chosen.products, only),
        user_id=request.user.pk,
        again=again,
        fields=fields,
    )
    sizes = part_sizes(chosen.products)
    labels = present.Labels(catalog.language)
    return {
        "catalog": catalog,
        "chosen": chosen,
        "plan": plan,
        "again": again,
        "nothing": _nothing(plan),
        "nothing_actions": _instead(plan, _url(chosen, only, fields, again=True)),
        "paused": catalog.describing_paused_at is not None,
        "zero_shot_count": plan.chosen,
        "models_url": models_url(),
        "notice": notice or chosen.notice,
        "configured": is_describing(),
        "tabs": [
            {
                "label": label,
                "url": _url(chosen, part, fields),
                "current": part is only,
                "count": sizes[part],
            }
            for part, label in PARTS.items()
        ],
        "again_url": _url(chosen, only, fields, again=True),
        "not_again_url": _url(chosen, only, fields),
        "all_fields_url": _url(chosen, only, again=again),
        "address": _address(chosen, only, fields, again=again),
        "others": _address(chosen, only, again=again),
        "fields": fields,
        "chosen_fields": [labels.field(field) for field in fields],
        "choosable": _choosable(fields, labels),
        "figures": _figures(plan, request.user.pk),
        "trial_first": plan.all.calls > TRIAL_SIZE,
        "start_label": f"Describe {count_of(plan.all.calls)}{_price(plan.all)}",
        "trial_label": f"Try it on {plan.trial.calls} first{_price(plan.trial)}",
    }


def _nothing(plan: Plan) -> str:
    """Why there is nothing to ask."""
    if not plan.chosen:
        return "No product belongs to this part of your choice."
    if plan.unchanged:
        return "Photos, vocabulary and model are as they were when these were last described."
    return "None of these products has a photo to describe it from."


def _instead(plan: Plan, again_url: str) -> list[dict[str, str]]:
    """What can be done where there is nothing to ask."""
    if not plan.unchanged:
        return []
    return [{"url": again_url, "label": f"Ask about {count_of(plan.unchanged)} again"}]


def _only(address: QueryDict) -> Only:
    value = address.get("only", "")
    return Only(value) if value in set(Only) else Only.ALL


def _fields(address: QueryDict) -> list[str]:
    """The fields that an address names; those that there are not are left out."""
    return chosen_of(set(address.getlist("field")).intersection(choosable()))


def _choosable(fields: Collection[str], labels: present.Labels) -> list[dict[str, Any]]:
    """The fields to choose among, in two groups; of very many attributes the first."""
    known = choosable()
    attributes = [field for field in known if field not in OWN]
    shown = [
        field
        for place, field in enumerate(attributes)
        if place < MOST_ATTRIBUTES or field in fields
    ]
    return [
        {
            "label": label,
            "fields": [
                {"value": field, "label": labels.field(field), "checked": field in fields}
                for field in group
            ],
        }
        for label, group in (("Category and texts", OWN), ("Attributes", shown))
        if group
    ]


def _address(
    chosen: Chosen, only: Only, fields: Sequence[str] = (), *, again: bool = False
) -> list[tuple[str, str]]:
    """The parameters of this page for a part of what was chosen, and some fields of it."""
    return [
        *chosen.address,
        *([("only", str(only))] if only is not Only.ALL else []),
        *([("again", "1")] if again else []),
        *(("field", field) for field in fields),
    ]


def _url(chosen: Chosen, only: Only, fields: Sequence[str] = (), *, again: bool = False) -> str:
    return f"?{urlencode(_address(chosen, only, fields, again=again))}"


def _price(cost: Cost) -> str:
    """What a button adds: ", about $0.42, 11 min"."""
    known = [] if cost.usd is None else [about_usd(cost.usd)]
    known += [] if cost.seconds is None else [duration(cost.seconds)]
    return "".join(f", {text}" for text in known)


def _figures(plan: Plan, user_id: int) -> list[dict[str, str]]:
    """For components/figures.html."""
    measured = "as measured here" if plan.measured else "worked out, not yet measured here"
    ahead = f"after {count_of(plan.ahead, 'call')} that wait already" if plan.ahead else ""
    by = plan.all.limited_by and f"at {plan.all.limited_by}"
    limits = " · ".join(text for text in (by, ahead) if text)
    if plan.all.seconds is None:
        limits = "The provider says its limits with the first answers."
    return [
        {"label": "Calls", "value": f"{plan.all.calls:,}", "note": "one a product"},
        {
            "label": "Time",
            "value": "Not known" if plan.all.seconds is None else duration(plan.all.seconds),
            "note": limits,
        },
        {
            "label": "Cost",
            "value": "Not known" if plan.all.usd is None else usd(plan.all.usd),
            "note": "The price of this model is not known."
            if plan.all.usd is None
            else f"{plan.tokens_a_call:,} tokens a call, {measured}",
        },
        _budget_figure(plan.all, user_id),
    ]


def _budget_figure(cost: Cost, user_id: int) -> dict[str, str]:
    """On how many days the budgets of site and person spread it; how much the site has is not said."""
    left = left_words(budgets.own_left(user_id))
    note = f"You have {left} left today" if left else ""
    words = {None: "No limit", 1: "Fits"}.get(cost.days, f"{cost.days} days")
    return {"label": "Daily budget", "value": words, "note": note}


def _start(request: Request, catalog: Catalog) -> HttpResponseBase:
    """Start what the page offered; what has grown since is shown again first."""
    form = request.POST
    values = _values(request, catalog, form)
    plan: Plan = values["plan"]
    here = reverse("catalog:describe", args=[catalog.slug]) + _url(
        values["chosen"], _only(form), values["fields"], again=values["again"]
    )
    action = form.get("action", "")
    if action == ZERO_SHOT:
        products = part_of(values["chosen"].products, _only(form)).order_by()
        ids = list(products.values_list("pk", flat=True))
        count = services.zero_shot_request(catalog=catalog, product_ids=ids, actor=request.user)
        to = reverse("catalog:activity", args=[catalog.slug])
        return done(request, f"The photos of {count_of(count)} are read again.", to)
    if not values["configured"]:
        return refused(request, "No vision model is connected: nothing was started.", here)
    if plan.all.calls > number(form.get("calls"), 0):
        grown = f"It is {count_of(plan.all.calls)} by now. Nothing was started: look again."
        return refused(request, grown, here)
    try:
        run = services.describe_run_start(
            catalog=catalog,
            product_ids=plan.product_ids,
            actor=request.user,
            trial=action == TRIAL,
            forced=values["again"],
            fields=values["fields"],
            estimate=plan.as_json(),
        )
    except ValidationError as error:
        return refused(request, first_message(error), here)
    to = reverse("catalog:describe_run", args=[catalog.slug, run.pk])
    return done(request, f"Started: {run.label.lower()}.", to)
