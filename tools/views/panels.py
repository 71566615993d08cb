"""Panels of simulated shoppers: listed, suggested, edited, deleted."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog import selectors as catalog_selectors
from catalog.models import Catalog
from catalog.views.http import Request, done, first_message
from prodintel.llm.gateway import gateway
from prodintel.llm.types import LanguageModelError
from tools import selectors
from tools.models import Panel
from tools.panel_forms import NewPanelForm, PanelForm, People, personas_of
from tools.services.panels import panel_create, panel_delete, panel_update
from tools.suggesting import suggest

EDIT = catalog_selectors.EDIT


@require_http_methods(["GET", "POST"])
@login_required
def panels_page(request: Request, slug: str) -> HttpResponseBase:
    """The catalogue's panels; POST suggests another one and keeps it."""
    roles = EDIT if request.method == "POST" else catalog_selectors.VIEW
    catalog = catalog_selectors.catalog_for(request.user, slug, roles)
    form = NewPanelForm(request.POST or None, has_model=gateway().is_configured())
    if request.method == "POST" and form.is_valid():
        panel = _created(request, catalog, form)
        if panel is not None:
            return done(request, f"{panel.name} is ready.", panel.get_absolute_url())
    values = {
        "catalog": catalog,
        "panels": selectors.panels_in(catalog),
        "form": form,
        "may_edit": catalog_selectors.may(request.user, catalog, EDIT),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "tools/panels.html", values, status=status)


def _created(request: Request, catalog: Catalog, form: NewPanelForm) -> Panel | None:
    """The panel that the form asks for; None when it cannot be, which the form then says."""
    wanted = form.cleaned_data
    try:
        people, source = suggest(
            catalog,
            category=wanted["category"],
            audience=wanted["audience"],
            count=wanted["count"],
            seed=wanted["seed"],
            by_model=wanted.get("by_model", False),
            user_id=request.user.pk,
        )
        return panel_create(
            catalog=catalog,
            name=wanted["name"],
            personas=people,
            actor=request.user,
            audience=wanted["audience"],
            category=wanted["category"],
            seed=wanted["seed"],
            source=source,
        )
    except LanguageModelError as error:
        form.add_error(None, f"No panel was suggested: {error}")
    except ValidationError as error:
        form.add_error(None, first_message(error))
    return None


@require_http_methods(["GET", "POST"])
@login_required
def panel_page(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """A panel, to read and to edit."""
    panel = _panel(request, slug, pk, EDIT if request.method == "POST" else catalog_selectors.VIEW)
    form = PanelForm(request.POST or None, instance=panel)
    people = People(request.POST or None, initial=panel.personas, prefix="people")
    if request.method == "POST" and form.is_valid() and people.is_valid():
        try:
            panel_update(
                panel=panel, actor=request.user, personas=personas_of(people), **form.cleaned_data
            )
        except ValidationError as error:
            panel.refresh_from_db()
            form.add_error(None, first_message(error))
        else:
            return done(request, "Saved.", panel.get_absolute_url())
    failed = request.method == "POST"
    values = {
        "catalog": panel.catalog,
        "panel": panel,
        "form": form,
        "people": people,
        "may_edit": catalog_selectors.may(request.user, panel.catalog, EDIT),
        "breadcrumbs": [
            {"label": "Panels", "url": reverse("tools:panels", args=[slug])},
            {"label": panel.name},
        ],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK
    return render(request, "tools/panel.html", values, status=status)


@require_POST
@login_required
def panel_delete_view(request: Request, slug: str, pk: int) -> HttpResponseBase:
    panel = _panel(request, slug, pk, EDIT)
    panel_delete(panel=panel, actor=request.user)
    return done(request, f"{panel.name} was deleted.", reverse("tools:panels", args=[slug]))


def _panel(request: Request, slug: str, pk: int, roles: frozenset) -> Panel:
    """The panel of this catalogue. Raises Http404, PermissionDenied."""
    panel = selectors.panel_for(request.user, pk, roles)
    if panel.catalog.slug != slug:
        raise Http404
    return panel


urlpatterns = [
    path("c/<slug:slug>/panels/", panels_page, name="panels"),
    path("c/<slug:slug>/panels/<int:pk>/", panel_page, name="panel"),
    path("c/<slug:slug>/panels/<int:pk>/delete/", panel_delete_view, name="panel_delete"),
]
