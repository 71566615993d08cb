"""Pages of competitor lists: brought, looked through, matched with products, deleted and undone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import selectors as catalog_selectors
from catalog.models import Catalog, Product
from catalog.views import present
from catalog.views.http import Request, done, first_message, number, read_upload, refused, toast
from tools.competitors import selectors, services
from tools.competitors.reading import Reading, read_offers
from tools.competitors.selectors import MATCHED, OPEN, UNMATCHED
from tools.competitors.tables import MAX_BYTES
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow

PAGE = 50
PREVIEWED, PROBLEMS_SHOWN = 8, 50
DECIDE = catalog_selectors.MOVE
COLUMNS = {"gtin": "GTIN", "url": "Address", "seen_on": "Date"}
TABS = (("", "All"), (OPEN, "To decide"), (MATCHED, "Matched"), (UNMATCHED, "Not matched"))


class CompetitorsForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="How you will know it again.")
    source = forms.CharField(
        max_length=200, help_text="Where the rows come from, such as a price crawl or a visit."
    )
    as_of = forms.DateField(
        label="As of",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The day on which the prices were seen, where the rows do not say.",
    )
    file = forms.FileField(
        help_text="CSV or TSV with headings, at most 10 MB and 10,000 rows. A title or a GTIN is "
        "needed; price, currency, brand, seller, date, url and claims are known, and every other "
        "column is an attribute.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )


@require_safe
@login_required
def lists(request: Request, slug: str) -> HttpResponseBase:
    """The catalogue's lists, the newest first."""
    catalog = catalog_selectors.catalog_for(request.user, slug)
    rows = selectors.counted(selectors.lists_in(catalog))
    page = Paginator(rows, PAGE).get_page(number(request.GET.get("page"), 1))
    may_edit = catalog_selectors.may(request.user, catalog)
    values = {"catalog": catalog, "lists": page.object_list, "may_edit": may_edit, **_paging(page)}
    return render(request, "tools/competitors/lists.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def list_new(request: Request, slug: str) -> HttpResponseBase:
    """Brings a file; `check` alone shows how it would be read, and keeps nothing."""
    catalog = catalog_selectors.catalog_for(request.user, slug, catalog_selectors.EDIT)
    if request.method != "POST":
        form = CompetitorsForm(initial={"as_of": timezone.localdate()})
        return _new(request, catalog, form)
    if "check" in request.POST or request.htmx:
        return _checked(request, catalog)
    form = CompetitorsForm(request.POST, request.FILES)
    if not form.is_valid():
        return _new(request, catalog, form)
    chosen = form.cleaned_data
    try:
        brought = services.competitors_import(
            catalog=catalog,
            actor=request.user,
            name=chosen["name"],
            source=chosen["source"],
            as_of=chosen["as_of"],
            data=read_upload(chosen["file"], MAX_BYTES),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _new(request, catalog, form)
    undo_url = reverse("tools:competitor_list_delete", args=[slug, brought.list.pk])
    return done(request, _told(brought), brought.list.get_absolute_url(), undo_url=undo_url)


def _told(brought: services.Imported) -> str:
    rows = brought.list.row_count
    text = f"{rows:,} {'row is' if rows == 1 else 'rows are'} kept"
    matched = brought.matched
    if matched.confirmed or matched.suggested:
        text += f", {matched.confirmed} matched by GTIN, {matched.suggested} with suggestions"
    return f"{text}."


def _new(
    request: Request, catalog: Catalog, form: CompetitorsForm, **more: Any
) -> HttpResponseBase:
    values = {"catalog": catalog, "form": form, **more}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "tools/competitors/new.html", values, status=status)


def _checked(request: Request, catalog: Catalog) -> HttpResponseBase:
    """How the file would be read."""
    preview = preview_of(request, catalog)
    if request.htmx:
        return render(request, "tools/competitors/_preview.html", preview)
    form = CompetitorsForm(initial=request.POST.dict())
    return _new(request, catalog, form, **preview)


def preview_of(request: HttpRequest, catalog: Catalog) -> dict[str, Any]:
    """What a file holds and what is wrong with it, for the preview."""
    file = request.FILES.get("file")
    if file is None:
        return {"refusal": "Choose a file first."}
    try:
        reading = read_offers(
            read_upload(file, MAX_BYTES), currency=catalog.currency, latest=timezone.localdate()
        )
    except ValidationError as error:
        return {"refusal": first_message(error)}
    return {"reading": _reading(reading, catalog)}


def _reading(reading: Reading, catalog: Catalog) -> dict[str, Any]:
    return {
        "columns": [
            {"label": COLUMNS.get(name, name.capitalize()), "value": heading}
            for name, heading in reading.columns.items()
        ],
        "attributes": reading.attribute_columns,
        "count": len(reading.offers),
        "offers": [
            {"offer": offer, "price": present.amount(offer.price, offer.currency)}
            for offer in reading.offers[:PREVIEWED]
        ],
        "assumed": reading.assumed_currency,
        "currency": catalog.currency,
        **_problems([problem.json() for problem in reading.problems]),
    }


def _problems(problems: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "problems": problems[:PROBLEMS_SHOWN],
        "problem_count": len(problems),
        "left_out": sum(problem["left_out"] for problem in problems),
    }


def _list_in(
    request: HttpRequest, slug: str, pk: int, roles: frozenset, *, deleted: bool = False
) -> CompetitorList:
    """The list of the address. Raises Http404 when it is not of the address's catalogue."""
    catalog_selectors.catalog_for(request.user, slug, roles)
    found = selectors.list_for(request.user, pk, roles, deleted=deleted)
    if found.catalog.slug != slug:
        raise Http404
    return found


@require_safe
@login_required
def list_page(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """A list's rows with what they may be."""
    found = _list_in(request, slug, pk, catalog_selectors.VIEW)
    only = request.GET.get("only", "")
    rows = selectors.rows_with_matches(selectors.rows_of(found, only))
    page = Paginator(rows, PAGE).get_page(number(request.GET.get("page"), 1))
    may_decide = catalog_selectors.may(request.user, found.catalog, DECIDE)
    values = {
        "catalog": found.catalog,
        "list": found,
        "rows": [_row(row) for row in page.object_list],
        "tabs": _tabs(found, only),
        "may_decide": may_decide,
        "may_edit": catalog_selectors.may(request.user, found.catalog),
        **_problems(found.problems),
        **_paging(page, f"only={only}&" if only in dict(TABS) and only else ""),
    }
    return render(request, "tools/competitors/list.html", values)


def _tabs(found: CompetitorList, only: str) -> list[dict[str, Any]]:
    here = found.get_absolute_url()
    return [
        {
            "label": label,
            "url": f"{here}?only={key}" if key else here,
            "current": key == only,
            "count": selectors.rows_of(found, key).count(),
        }
        for key, label in TABS
    ]


def _row(row: CompetitorRow) -> dict[str, Any]:
    """A row for its template: those of its matches that somebody rejected come last."""
    matches = sorted(row.matches.all(), key=lambda match: match.standing == "rejected")
    return {
        "row": row,
        "price": present.amount(row.price, row.currency),
        "attributes": list(row.attributes.items())[:12],
        "matches": [_match(match) for match in matches],
    }


def _match(match: CompetitorMatch) -> dict[str, Any]:
    return {
        "match": match,
        "standing": match.standing,
        "product": match.product,
        "title": match.product.title or "Untitled product",
        "price": present.price_text(match.product.variants.all()),
        "percent": round((match.score or 0) * 100),
    }


def _paging(page: Any, query: str = "") -> dict[str, Any]:
    return {
        "page": page,
        "previous_url": f"?{query}page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?{query}page={page.number + 1}" if page.has_next() else "",
    }


@require_POST
@login_required
def list_delete(request: Request, slug: str, pk: int) -> HttpResponseBase:
    found = _list_in(request, slug, pk, catalog_selectors.EDIT)
    services.competitor_list_delete(competitor_list=found, actor=request.user)
    undo_url = reverse("tools:competitor_list_restore", args=[slug, pk])
    return done(request, f"“{found.name}” is deleted.", _lists_url(slug), undo_url=undo_url)


@require_POST
@login_required
def list_restore(request: Request, slug: str, pk: int) -> HttpResponseBase:
    found = _list_in(request, slug, pk, catalog_selectors.EDIT, deleted=True)
    services.competitor_list_restore(competitor_list=found, actor=request.user)
    return done(request, f"“{found.name}” is back.", found.get_absolute_url())


@require_POST
@login_required
def list_match(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Looks for matches again: products may have come since."""
    found = _list_in(request, slug, pk, catalog_selectors.EDIT)
    matched = services.competitors_match(competitor_list=found)
    text = f"{matched.confirmed} new by GTIN, {matched.suggested} rows with new suggestions."
    return done(request, text, found.get_absolute_url())


def _lists_url(slug: str) -> str:
    return reverse("tools:competitor_lists", args=[slug])


@require_POST
@login_required
def row_decide(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Says of a row that it is a product, or is not: `product` names it, `decision` says which."""
    catalog = catalog_selectors.catalog_for(request.user, slug, DECIDE)
    row = selectors.row_for(request.user, pk, DECIDE)
    if row.list.catalog_id != catalog.pk:
        raise Http404
    here = f"{row.list.get_absolute_url()}#row-{row.pk}"
    product = product_named(catalog, request.POST.get("product", ""))
    if product is None:
        return refused(request, "No product of this catalogue is named so.", here)
    decide = (
        services.match_reject
        if request.POST.get("decision") == "reject"
        else services.match_confirm
    )
    try:
        match = decide(row=row, product=product, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    word = "is" if match.decision == "confirmed" else "is not"
    text = f"“{row}” {word} “{product}”."
    undo_url = reverse("tools:competitor_match_undo", args=[slug, match.pk])
    if not request.htmx:
        return done(request, text, here, undo_url=undo_url)
    return toast(_row_html(request, row), text, undo_url=undo_url)


def product_named(catalog: Catalog, text: str) -> Product | None:
    """A product of the catalogue by its id, a SKU, its handle or its address on this site."""
    name = text.strip().rstrip("/").rsplit("/", 1)[-1][:200]
    products = catalog_selectors.products_in(catalog)
    if not name:
        return None
    by_sku = products.filter(variants__sku=name, variants__deleted_at__isnull=True).first()
    found: Product | None = by_sku or products.filter(handle=name).first()
    return found or products.filter(pk=number(name, 0)).first()


def _row_html(request: Request, row: CompetitorRow) -> HttpResponse:
    rows: QuerySet[CompetitorRow] = CompetitorRow.objects.filter(pk=row.pk)
    fresh = selectors.rows_with_matches(rows.select_related("list__catalog")).get()
    values = {"catalog": row.list.catalog, "item": _row(fresh), "may_decide": True}
    return render(request, "tools/competitors/_row.html", values)


@require_POST
@login_required
def match_undo(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Takes a decision back."""
    catalog = catalog_selectors.catalog_for(request.user, slug, DECIDE)
    match = (
        CompetitorMatch.objects.filter(pk=pk, row__list__catalog=catalog)
        .select_related("row__list__catalog", "product")
        .first()
    )
    if match is None:
        raise Http404
    here = f"{match.row.list.get_absolute_url()}#row-{match.row_id}"
    try:
        services.match_undo(match=match, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    if not request.htmx:
        messages.success(request, "Undone.")
        return redirect(here)
    return toast(_row_html(request, match.row), "Undone.")


_list = "c/<slug:slug>/competitors/<int:pk>/"
urlpatterns = [
    path("c/<slug:slug>/competitors/", lists, name="competitor_lists"),
    path("c/<slug:slug>/competitors/new/", list_new, name="competitor_list_new"),
    path(_list, list_page, name="competitor_list"),
    path(f"{_list}delete/", list_delete, name="competitor_list_delete"),
    path(f"{_list}restore/", list_restore, name="competitor_list_restore"),
    path(f"{_list}match/", list_match, name="competitor_list_match"),
    path("c/<slug:slug>/competitors/rows/<int:pk>/match/", row_decide, name="competitor_row"),
    path(
        "c/<slug:slug>/competitors/matches/<int:pk>/undo/", match_undo, name="competitor_match_undo"
    ),
]
