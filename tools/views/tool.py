"""The page of a tool on a product: its options, and what it wrote before."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from catalog import selectors as catalog_selectors
from catalog.models import Product
from catalog.renditions import WIDTHS
from catalog.views import present
from catalog.views.http import Request, first_message, number
from catalog.views.product import product_in
from prodintel.llm.gateway import gateway
from tools import selectors
from tools.kinds.base import Tool
from tools.models import ToolRun
from tools.options import checked_options
from tools.registry import tools
from tools.runs import running
from tools.services.runs import run_create

RUNS_SHOWN, PAGE = 10, 50


def tool_named(key: str) -> Tool:
    """Raises Http404 where there is none of that name."""
    tool = tools().get(key)
    if tool is None:
        raise Http404
    return tool


@require_http_methods(["GET", "POST"])
@login_required
def tool_page(request: Request, slug: str, pk: int, tool: str) -> HttpResponseBase:
    """The tool's options and its earlier runs; POST starts a run."""
    product, kind = product_in(request, slug, pk), tool_named(tool)
    may_run = catalog_selectors.may(request.user, product.catalog, selectors.RUN)
    earlier = _earlier(request, product, tool)
    if request.method != "POST":
        form = kind.form(product, initial=earlier.options if earlier else None)
        return _page(request, product, kind, form, may_run=may_run, earlier=earlier)
    if not may_run:
        raise PermissionDenied(catalog_selectors.READ_ONLY)
    form = kind.form(product, data=request.POST)
    if form.is_valid():
        try:
            options = checked_options(kind, form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, first_message(error))
        else:
            run = run_create(
                product=product,
                tool=tool,
                options=options,
                actor=request.user,
                prompt_version=kind.prompt_version,
                redone_from=earlier,
            )
            running.start(run)
            return redirect(run)
    return _page(request, product, kind, form, may_run=True, earlier=earlier)


def _earlier(request: Request, product: Product, tool: str) -> ToolRun | None:
    """The run whose options are taken up again, where the address or the form names one."""
    pk = number(request.POST.get("again") or request.GET.get("again"), 0)
    return ToolRun.objects.filter(pk=pk, product=product, tool=tool).first() if pk else None


def _page(
    request: Request,
    product: Product,
    tool: Tool,
    form: Any,
    *,
    may_run: bool,
    earlier: ToolRun | None,
) -> HttpResponseBase:
    runs = selectors.runs_of(product, tool.key)
    values = {
        **product_values(product, tool.key),
        "tool": tool,
        "form": form,
        "may_run": may_run,
        "earlier": earlier,
        "runs": list(runs[:RUNS_SHOWN]),
        "more_runs": runs.count() > RUNS_SHOWN,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "tools/tool.html", values, status=status)


def product_values(product: Product, current: str = "") -> dict[str, Any]:
    """The head that all pages of a product's tools share."""
    placement = present.main_placement(product)
    return {
        "catalog": product.catalog,
        "product": product,
        "title": product.title or "Untitled product",
        "image": present.image(placement, WIDTHS[:2]) if placement else None,
        "price": present.price_text(product.variants.all()),
        "tabs": tabs(product, current),
        "has_model": gateway().is_configured(),
    }


def tabs(product: Product, current: str = "") -> list[dict[str, Any]]:
    """The product and its tools, as tabs."""
    where = [product.catalog.slug, product.pk]
    first = {
        "label": "Product",
        "url": reverse("catalog:product", args=where),
        "icon": "grid",
        "current": current == "",
    }
    return [first] + [
        {
            "label": tool.title,
            "url": reverse("tools:tool", args=[*where, tool.key]),
            "icon": tool.icon,
            "current": tool.key == current,
        }
        for tool in tools().values()
    ]


@require_safe
@login_required
def runs_page(request: Request, slug: str) -> HttpResponseBase:
    """All runs of a catalogue, newest first; of one tool or one product where the address says so."""
    catalog = catalog_selectors.catalog_for(request.user, slug)
    runs = selectors.runs_in(catalog)
    tool = request.GET.get("tool", "")
    if tool:
        runs = runs.filter(tool=tool_named(tool).key)
    product = None
    if pk := number(request.GET.get("product"), 0):
        product = product_in(request, slug, pk)
        runs = runs.filter(product=product)
    page = Paginator(runs, PAGE).get_page(request.GET.get("page"))
    chosen = {"tool": tool, "product": product.pk if product else ""}
    values = {
        "catalog": catalog,
        "runs": list(page),
        "page": page,
        "product": product,
        "tool": tool,
        "kinds": list(tools().values()),
        **_other_pages(page, {key: value for key, value in chosen.items() if value}),
    }
    return render(request, "tools/runs.html", values)


def _other_pages(page: Page, chosen: dict[str, Any]) -> dict[str, str]:
    """The addresses of the pages before and after."""
    return {
        "previous_url": _page_url(chosen, page.previous_page_number())
        if page.has_previous()
        else "",
        "next_url": _page_url(chosen, page.next_page_number()) if page.has_next() else "",
    }


def _page_url(chosen: dict[str, Any], page: int) -> str:
    return f"?{urlencode({**chosen, 'page': page})}"
