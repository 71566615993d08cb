"""Acts on many products: what they were, what they changed, undone and restored as a whole."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import provenance as reading
from catalog import selectors
from catalog.models import Batch, Catalog, LedgerEntry, Product
from catalog.models.job import RESTORE, RETRACT
from catalog.services import going_back
from catalog.services.batches import batch_restore
from catalog.views import present, provenance
from catalog.views.bulk_acts import acts_here, told
from catalog.views.http import Request, done, first_message, number, refused
from catalog.views.jobs import begun

PAGE = 50
PRODUCTS_PAGE = 24


def batch_in(request: HttpRequest, slug: str, pk: int) -> tuple[Catalog, Batch]:
    """The batch of the address. Raises Http404 when it is not of the address's catalogue."""
    catalog = selectors.catalog_for(request.user, slug)
    batch = reading.batches_of(catalog).filter(pk=pk).first()
    if batch is None:
        raise Http404
    return catalog, batch


@require_safe
@login_required
def batches(request: Request, slug: str) -> HttpResponseBase:
    """Acts that can be undone as a whole, the newest first."""
    catalog = selectors.catalog_for(request.user, slug)
    page = Paginator(reading.batches_of(catalog), PAGE).get_page(number(request.GET.get("page"), 1))
    values = {
        "catalog": catalog,
        "batches": page.object_list,
        "page": page,
        "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?page={page.number + 1}" if page.has_next() else "",
        "undoable": selectors.undoable(request.user, catalog, page.object_list),
        **acts_here(request, catalog, "batches"),
    }
    return render(request, "catalog/batches.html", values)


@require_safe
@login_required
def batch(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """One act: what it did, product by product."""
    catalog, found = batch_in(request, slug, pk)
    products = selectors.with_details(reading.products_of(found))
    page = Paginator(products, PRODUCTS_PAGE).get_page(number(request.GET.get("page"), 1))
    shown = list(page.object_list)
    rows = reading.rows_of(found, shown)
    before = reading.before(found, rows)
    labels = present.Labels(catalog.language)
    said = [row for own in rows.values() for row in own]
    provenance.read_values(labels, [*said, *filter(None, before.values())])
    values = {
        "catalog": catalog,
        "batch": found,
        "products": [_product(each, rows.get(each.pk, []), before, labels) for each in shown],
        "page": page,
        "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?page={page.number + 1}" if page.has_next() else "",
        "undoable": selectors.undoable(request.user, catalog, [found]),
        **acts_here(request, catalog, "batches"),
    }
    return render(request, "catalog/batch.html", values)


def _product(
    product: Product,
    rows: list[LedgerEntry],
    before: dict[int, LedgerEntry | None],
    labels: present.Labels,
) -> dict[str, Any]:
    return {
        "card": present.card(product),
        "changes": [provenance.change(row, before.get(row.pk), labels) for row in rows],
    }


@require_POST
@login_required
def batch_undo(request: Request, slug: str, pk: int) -> HttpResponseBase:
    catalog, found = batch_in(request, slug, pk)
    selectors.check_undo(request.user, found)
    here = reverse("catalog:batch", args=[catalog.slug, found.pk])
    try:
        undone = going_back.batch_undo(batch=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    if undone.job is not None:
        return begun(request, undone, here)
    again = ""
    if undone.kind == RETRACT and found.went_back_to_id is None:
        again = reverse("catalog:batch_restore", args=[catalog.slug, found.pk])
    return done(request, told(undone.kind, {}, undone.result), here, undo_url=again)


@require_POST
@login_required
def batch_restore_view(request: Request, slug: str, pk: int) -> HttpResponseBase:
    catalog, found = batch_in(request, slug, pk)
    selectors.check_undo(request.user, found)
    here = reverse("catalog:batch", args=[catalog.slug, found.pk])
    try:
        restored = batch_restore(batch=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    if restored.job is not None:
        return begun(request, restored, here)
    again = reverse("catalog:batch_undo", args=[catalog.slug, found.pk])
    return done(request, told(RESTORE, {}, restored.result), here, undo_url=again)
