"""Catalogues: the list, a new one, its settings and members."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import selectors
from catalog.forms import CatalogForm, MemberForm, NewCatalogForm
from catalog.models import Catalog, Membership, Role
from catalog.services import catalogs as services
from catalog.views import present
from catalog.views.http import Request, done, first_message, refused

PHOTOS_SHOWN = 4


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponseBase:
    """The list of catalogues; straight to the only one unless the list is asked for."""
    mine = list(selectors.catalogs_for(request.user))
    if len(mine) == 1 and "all" not in request.GET:
        return redirect(mine[0])
    values = {"catalogs": _cards(mine, request.user), "form": NewCatalogForm()}
    return render(request, "catalog/home.html", values)


def _cards(mine: list[Catalog], user: object) -> list[dict[str, Any]]:
    counts = selectors.product_counts(mine)
    newest = selectors.newest_products(mine, PHOTOS_SHOWN)
    roles = selectors.roles_in(user, mine)
    names = dict(Role.choices)
    cards = []
    for catalog in mine:
        placements = [present.main_placement(product) for product in newest[catalog.pk]]
        card = {
            "name": catalog.name,
            "url": catalog.get_absolute_url(),
            "product_count": counts.get(catalog.pk, 0),
            "photos": [present.image(placement) for placement in placements if placement],
            "role": names.get(roles.get(catalog.pk, ""), ""),
        }
        cards.append(card)
    return cards


@require_http_methods(["GET", "POST"])
@login_required
def catalog_new(request: Request) -> HttpResponseBase:
    form = NewCatalogForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            catalog = services.catalog_create(actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, first_message(error))
        else:
            to = reverse("catalog:upload", args=[catalog.slug])
            return done(request, f"{catalog.name} is ready. Add its first photos.", to)
    return render(request, "catalog/catalog_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@login_required
def settings(request: Request, slug: str) -> HttpResponseBase:
    """Name, currency, language and brand voice; members for owners."""
    owner = selectors.may(request.user, selectors.catalog_for(request.user, slug), selectors.MANAGE)
    roles = selectors.MANAGE if request.method == "POST" else selectors.VIEW
    catalog = selectors.catalog_for(request.user, slug, roles)
    form = CatalogForm(request.POST or None, instance=catalog)
    if request.method == "POST" and form.is_valid():
        services.catalog_update(catalog=catalog, actor=request.user, **form.cleaned_data)
        return done(request, "Saved.", reverse("catalog:settings", args=[slug]))
    values = {
        "catalog": catalog,
        "form": form,
        "member_form": MemberForm(),
        "members": _members(catalog),
        "roles": [{"value": value, "label": label} for value, label in Role.choices],
        "is_owner": owner,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "catalog/settings.html", values, status=status)


def _members(catalog: Catalog) -> list[Membership]:
    """Owners first, then what may do less and less."""
    members = catalog.memberships.select_related("user").order_by("user__username")
    return sorted(members, key=lambda member: Role.values.index(member.role))


@require_POST
@login_required
def member_set(request: Request, slug: str) -> HttpResponseBase:
    """Add a member by user name, or change a role."""
    catalog = selectors.catalog_for(request.user, slug, selectors.MANAGE)
    here = reverse("catalog:settings", args=[slug])
    form = MemberForm(request.POST)
    if not form.is_valid():
        return refused(request, "Give a user name and a role.", here)
    name = form.cleaned_data["username"]
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        return refused(request, f"There is no user “{name}”. An admin can add one.", here)
    try:
        services.membership_set(
            catalog=catalog, user=user, role=form.cleaned_data["role"], actor=request.user
        )
    except ValidationError as error:
        return refused(request, first_message(error), here)
    role = Role(form.cleaned_data["role"]).label.lower()
    return done(request, f"{name} is now {role}.", here)


@require_POST
@login_required
def member_remove(request: Request, slug: str, pk: int) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug, selectors.MANAGE)
    membership = get_object_or_404(Membership, catalog=catalog, pk=pk)
    here = reverse("catalog:settings", args=[slug])
    try:
        services.membership_remove(catalog=catalog, user=membership.user, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    if not selectors.role_in(request.user, catalog):
        return done(request, f"You have left {catalog.name}.", reverse("catalog:home"))
    return done(request, f"{membership.user} is no longer a member.", here)
