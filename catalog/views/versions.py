"""Approved versions of a product: the banner on its page, the list, any two compared, going back."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.approval.content import FIELDS, Content, contents
from catalog.approval.diff import changes
from catalog.models import AuditEvent, Product, ProductStatus, ProductVersion
from catalog.services.going_back import GO_BACK, product_go_back, product_go_back_undo
from catalog.views import present
from catalog.views.changes import change_groups
from catalog.views.http import Request, done, first_message, number, refused

# More than this is closed until somebody opens it.
OPEN_CHANGES = 12
NOTHING: Content = {
    **dict.fromkeys(FIELDS, ""),
    "category": None,
    "tags": [],
    "variants": [],
    "attributes": [],
    "photos": [],
}
NOW, NONE = "now", "nothing"


def approval(user: object, product: Product, labels: present.Labels) -> dict[str, Any] | None:
    """For catalog/_product_approval.html: what changed since approval, or machines have added alone;
    None where nothing did.
    """
    is_other = product.changed_since_approval or product.added_since_approval
    if not is_other or product.status != ProductStatus.APPROVED:
        return None
    version = selectors.product_version(product)
    if version is None:
        return None
    found = changes(version.content, contents([product.pk])[product.pk])
    return {
        "version": version,
        "by": _who(version),
        "added": not product.changed_since_approval,
        "count": len(found),
        "open": len(found) <= OPEN_CHANGES and product.changed_since_approval,
        "groups": change_groups(found, labels, product.catalog),
        "may_approve": selectors.may(user, product.catalog, selectors.REVIEW),
    }


def approved_fact(product: Product) -> dict[str, str] | None:
    """For the facts of a product's page: the version that it was approved as last."""
    version = selectors.product_version(product)
    if version is None:
        return None
    day = present.day(version.approved_at)
    by = _who(version)
    value = f"Version {version.number}, {f'by {by}, ' if by else ''}{day}"
    return {"label": "Approved", "value": value, "url": versions_url(product)}


def _who(version: ProductVersion) -> str:
    return version.approved_by.get_username() if version.approved_by else ""


def versions_url(product: Product, number: int | None = None) -> str:
    """The page of the versions; with a number, what came with that one."""
    here = reverse("catalog:product_versions", args=[product.catalog.slug, product.pk])
    return here if number is None else f"{here}?to={number}"


def _product(request: Request, slug: str, pk: int, roles: frozenset = selectors.VIEW) -> Product:
    product = selectors.product_for(request.user, pk, roles)
    if product.catalog.slug != slug:
        raise Http404
    return product


@require_safe
@login_required
def product_versions(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """The versions of a product, and two of them compared: by default what changed since the last."""
    product = _product(request, slug, pk)
    rows = list(selectors.product_versions(product))
    numbers = [row.number for row in rows]
    last = next((row.number for row in rows if row.withdrawn_at is None), None)
    to = request.GET.get("to", NOW)
    to = to if number(to, 0) in numbers else NOW
    since = request.GET.get("from", "")
    if since != NONE and number(since, 0) not in numbers:
        since = _before(numbers, to, last)
    old, new = _side(product, since), _side(product, to)
    found = changes(old, new)
    choices = [{"value": str(n), "label": f"Version {n}"} for n in numbers]
    values = {
        "catalog": product.catalog,
        "product": product,
        "rows": [_row(product, row, last) for row in rows],
        "from": since,
        "to": to,
        "from_choices": [*choices, {"value": NONE, "label": "Nothing"}],
        "to_choices": [{"value": NOW, "label": "Now"}, *choices],
        "count": len(found),
        "groups": change_groups(found, present.Labels(product.catalog.language), product.catalog),
        "may_edit": selectors.may(request.user, product.catalog),
    }
    return render(request, "catalog/product_versions.html", values)


def _before(numbers: list[int], to: str, last: int | None) -> str:
    """What a version is compared with unless told: the one before; the last approved for now."""
    if to == NOW:
        return str(last) if last is not None else NONE
    return next((str(each) for each in numbers if each < int(to)), NONE)


def _side(product: Product, which: str) -> Content:
    if which == NOW:
        return contents([product.pk])[product.pk]
    if which == NONE:
        return NOTHING
    version = selectors.product_version(product, int(which))
    return version.content if version else NOTHING


def _row(product: Product, version: ProductVersion, last: int | None) -> dict[str, Any]:
    return {
        "version": version,
        "by": _who(version),
        "url": versions_url(product, version.number),
        "current": version.number == last,
        "back_url": reverse(
            "catalog:product_back", args=[product.catalog.slug, product.pk, version.number]
        ),
    }


@require_POST
@login_required
def product_back(request: Request, slug: str, pk: int, version: int) -> HttpResponseBase:
    """Write what a version holds back to the product."""
    product = _product(request, slug, pk, selectors.EDIT)
    found = selectors.product_version(product, version)
    if found is None:
        raise Http404
    here = product.get_absolute_url()
    try:
        back = product_go_back(product=product, version=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    undo = reverse("catalog:product_back_undo", args=[slug, pk, back.event.pk])
    words = f"Back to version {version}."
    if back.kept:
        words += f" Not brought back: {'; '.join(back.kept)}"
    return done(request, words, here, undo_url=undo)


@require_POST
@login_required
def product_back_undo(request: Request, slug: str, pk: int, event: int) -> HttpResponseBase:
    """Take back that a product went back."""
    product = _product(request, slug, pk, selectors.EDIT)
    found = get_object_or_404(
        AuditEvent, pk=event, action=GO_BACK, target_type="product", target_id=product.pk
    )
    here = product.get_absolute_url()
    try:
        kept = product_go_back_undo(product=product, event=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    words = "As it was before."
    return done(request, f"{words} Left alone: {'; '.join(kept)}" if kept else words, here)
