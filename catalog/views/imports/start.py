"""Files brought to a catalogue: where one starts, and what was brought before."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.importing.selectors import imports_in
from catalog.views.http import Request, number
from catalog.views.places import BRING, tabs

PAGE = 25


@require_safe
@login_required
def imports(request: Request, slug: str) -> HttpResponseBase:
    """The drop zone for editors, and the imports of the catalogue."""
    catalog = selectors.catalog_for(request.user, slug)
    page = Paginator(imports_in(catalog), PAGE).get_page(number(request.GET.get("page"), 1))
    values = {
        "catalog": catalog,
        "may_edit": selectors.may(request.user, catalog),
        "tabs": tabs(catalog, BRING, "imports"),
        "imports": page.object_list,
        "page": page,
        "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?page={page.number + 1}" if page.has_next() else "",
    }
    return render(request, "catalog/imports.html", values)
