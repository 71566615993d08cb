"""The catalogue as a spreadsheet: the page, and which columns it shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.browsing import Browse
from catalog.channels.targets import requirement_fields
from catalog.grid.columns import TITLE, USUAL, Column, Kind
from catalog.grid.edits import grid_columns_choose
from catalog.grid.lines import Line, lines_of
from catalog.grid.sheet import Sheet
from catalog.grid.sorting import DESCENDING, in_order_of, is_sortable
from catalog.models import Catalog, GridColumns, PhotoRole, Placement, Product
from catalog.renditions import WIDTHS
from catalog.views.browse import chips
from catalog.views.bulk_acts import acts_here
from catalog.views.choosing import SEARCH, Chosen, chosen_products
from catalog.views.http import Request, number
from catalog.views.present import Labels, photo_url
from catalog.views.products import tabs

PAGE = 100
# Of one product; the others are on its own page, and acts on all that match reach them.
MOST_VARIANTS = 50
SORT = "sort"
LISTED = frozenset({Kind.CHOICE, Kind.CHOICES, Kind.BOOLEAN, Kind.CATEGORY})


@require_safe
@login_required
def grid(request: Request, slug: str) -> HttpResponseBase:
    """What the address names (the product list's filters, a search, some products), a row each."""
    catalog = selectors.catalog_for(request.user, slug)
    chosen = chosen_products(catalog, request.GET, request.user.pk)
    sheet = Sheet(catalog)
    columns = columns_for(request, catalog, sheet)
    sort = request.GET.get(SORT, "")
    page = Paginator(_sorted(chosen.products, sheet, sort).values_list("pk", flat=True), PAGE)
    shown = page.get_page(number(request.GET.get("page"), 1))
    here = address_of(chosen)
    may_edit = selectors.may(request.user, catalog)
    values = {
        "catalog": catalog,
        "columns": [_head(column, sort, here) for column in columns],
        "rows": _rows(sheet, columns, list(shown.object_list)),
        "column_count": len(columns) + 1,
        "chooser": _chooser(sheet, columns),
        "may_edit": may_edit,
        "lists": _lists(sheet, columns) if may_edit else [],
        "page": shown,
        "first": shown.start_index(),
        "words": chosen.words,
        "notice": chosen.notice,
        "query": here.urlencode(),
        "sort": sort,
        **_pages(shown, here, sort),
        **_around(catalog, request.GET),
        **acts_here(request, catalog, "grid"),
    }
    return render(request, "catalog/grid.html", values)


@require_POST
@login_required
def grid_columns(request: Request, slug: str) -> HttpResponseBase:
    """Keep which columns the person wants to see here, in this order."""
    catalog = selectors.catalog_for(request.user, slug)
    keys = [TITLE, *request.POST.getlist("column")]
    if "usual" in request.POST:
        keys = list(USUAL)
    grid_columns_choose(catalog=catalog, user=request.user, keys=keys)
    here = QueryDict(request.POST.get("query", ""))
    return redirect(f"{reverse('catalog:grid', args=[slug])}?{here.urlencode()}")


def columns_for(request: Request, catalog: Catalog, sheet: Sheet) -> list[Column]:
    """What the products lack that the address names, and the columns that the person chose here, or
    the usual ones; the title first.
    """
    kept = GridColumns.objects.filter(catalog=catalog, user=request.user).first()
    keys = kept.columns if kept else USUAL
    browse = Browse.of(request.GET)
    lacking = requirement_fields(browse.channel[0], browse.lacks) if browse.channel else ()
    return sheet.known(dict.fromkeys([TITLE, *map(_column_of, lacking), *keys]))


def _column_of(field: str) -> str:
    """The key of the column that a field of a requirement is edited in."""
    return field if "." in field else f"product.{field}"


def address_of(chosen: Chosen) -> QueryDict:
    """By what an address names the same products again."""
    address = QueryDict(mutable=True)
    for name, value in chosen.address:
        address.appendlist(name, value)
    return address


def _sorted(products: QuerySet[Product], sheet: Sheet, sort: str) -> QuerySet[Product]:
    column = sheet.column(sort.removeprefix(DESCENDING))
    if column is None or not is_sortable(column):
        return products
    return in_order_of(products, column, descending=sort.startswith(DESCENDING))


def _head(column: Column, sort: str, here: QueryDict) -> dict[str, Any]:
    up, down = sort == column.key, sort == f"{DESCENDING}{column.key}"
    again = here.copy()
    again[SORT] = f"{DESCENDING}{column.key}" if up else column.key
    return {
        "key": column.key,
        "label": column.label,
        "kind": column.kind,
        "unit": column.unit,
        "editable": column.editable,
        "open": column.open,
        "list": list_id(column) if column.kind in LISTED else "",
        "sort_url": f"?{again.urlencode()}" if is_sortable(column) else "",
        "sorted": "ascending" if up else "descending" if down else "",
    }


def list_id(column: Column) -> str:
    """The id of the element that holds what an editor offers."""
    return f"grid-list-{column.key.replace('.', '-')}"


def _lists(sheet: Sheet, columns: Iterable[Column]) -> list[dict[str, Any]]:
    return [
        {"id": list_id(column), "options": sheet.options(column)}
        for column in columns
        if column.kind in LISTED
    ]


def _rows(sheet: Sheet, columns: list[Column], ids: list[int]) -> list[dict[str, Any]]:
    found = lines_of(sheet, columns, ids)
    photos = faces(ids)
    rows = []
    for pk in ids:
        lines = found.get(pk, [])
        for line in lines[: MOST_VARIANTS + 1]:
            row = _row(sheet, columns, line)
            if line.variant is None and pk in photos:
                row["thumbnail_url"] = photo_url(photos[pk], WIDTHS[0])
            rows.append(row)
        if lines and len(lines) > MOST_VARIANTS + 1:
            rows[-1]["more"] = len(lines) - MOST_VARIANTS - 1
    return rows


def _row(sheet: Sheet, columns: list[Column], line: Line) -> dict[str, Any]:
    cells = []
    for column in columns:
        cell = line.cells.get(column.key)
        cells.append(
            {
                "key": column.key,
                "kind": column.kind,
                "there": cell is not None,
                "text": cell.text if cell else "",
                "locked": bool(cell and cell.locked),
                "inherited": bool(cell and cell.inherited),
                "editable": cell is not None and column.editable,
            }
        )
    title, *rest = cells
    slug = sheet.catalog.slug
    return {
        "key": line.key,
        "product": line.product,
        "variant": line.variant,
        "name": line.name or title["text"] or "Untitled product",
        "title": title,
        "cells": rest,
        "approved": line.approved,
        "url": reverse("catalog:product", args=[slug, line.product]),
        "edit_url": reverse("catalog:grid_row", args=[slug, line.key]),
    }


def faces(product_ids: Collection[int]) -> dict[int, int]:
    """The photo that is each product's face: the main one, or else the first."""
    found: dict[int, int] = {}
    rows = Placement.objects.alive().filter(product__in=product_ids).order_by("position", "pk")
    for product, photo, role in rows.values_list("product_id", "photo_id", "role"):
        if role == PhotoRole.MAIN:
            found[product] = photo
        else:
            found.setdefault(product, photo)
    return found


def _chooser(sheet: Sheet, columns: list[Column]) -> dict[str, Any]:
    """All columns but the title: those that are shown in their order, and the rest by group."""
    shown = {column.key for column in columns}
    groups: dict[str, list[Column]] = {}
    for column in sheet.columns.values():
        if column.key not in shown:
            groups.setdefault(column.group, []).append(column)
    return {"shown": columns[1:], "groups": groups}


def _pages(page: Page, here: QueryDict, sort: str) -> dict[str, str]:
    def url(to: int) -> str:
        there = here.copy()
        if sort:
            there[SORT] = sort
        there["page"] = str(to)
        return f"?{there.urlencode()}"

    return {
        "previous_url": url(page.number - 1) if page.has_previous() else "",
        "next_url": url(page.number + 1) if page.has_next() else "",
    }


def _around(catalog: Catalog, address: QueryDict) -> dict[str, Any]:
    """Tabs and chips of the list's filters; of a search the way back to it."""
    if address.get(SEARCH[0]) == SEARCH[1]:
        asked = address.copy()
        for name in (*SEARCH[:1], SORT, "page"):
            asked.pop(name, None)
        back = reverse("catalog:search", args=[catalog.slug])
        return {"back_url": f"{back}?{asked.urlencode()}", "back_label": "Back to the search"}
    listed = reverse("catalog:products", args=[catalog.slug])
    browse = Browse.of(address)
    here = reverse("catalog:grid", args=[catalog.slug])
    own = {each["url"]: each for each in tabs(catalog, browse)}
    return {
        "back_url": f"{listed}?{QueryDict(address.urlencode()).urlencode()}",
        "back_label": "List",
        "tabs": [
            {**tab, "url": f"{here}?{str(url).partition('?')[2]}"} for url, tab in own.items()
        ],
        "chips": chips(browse, Labels(catalog.language)) if browse.is_filtered else [],
        "clear_url": here,
    }
