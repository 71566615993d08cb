"""What was deleted and can be brought back for a while: products, and parts of a product."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.browsing import Browse
from catalog.models import Placement, Product, Variant
from catalog.models.catalog import KEEP_DELETED
from catalog.models.job import UNDELETE
from catalog.renditions import WIDTHS
from catalog.services.bulk import Started
from catalog.services.deleting import products_restore_many
from catalog.views import present
from catalog.views.bulk_acts import acts_here, told
from catalog.views.http import Request, done, first_message, ids, number, refused
from catalog.views.jobs import begun
from catalog.views.photos import photo_response
from catalog.views.products import MOST_AT_ONCE, PAGE, as_seen, restore_url, tabs

RESTORE = {"value": "restore", "label": "Restore", "icon": "undo"}


@require_safe
@login_required
def products_deleted(request: Request, slug: str) -> HttpResponseBase:
    """The deleted products, the last deleted first."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    deleted = selectors.with_details(selectors.deleted_products_in(catalog))
    page = Paginator(deleted, PAGE).get_page(number(request.GET.get("page"), 1))
    values = {
        "catalog": catalog,
        "rows": [_row(product) for product in page.object_list],
        "page": page,
        "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?page={page.number + 1}" if page.has_next() else "",
        "tabs": tabs(catalog, Browse(), may_edit=True, deleted=True),
        "actions": [RESTORE],
        "days": KEEP_DELETED.days,
        **acts_here(request, catalog, "products_deleted"),
    }
    return render(request, "catalog/products_deleted.html", values)


def _row(product: Product) -> dict[str, Any]:
    assert product.deleted_at is not None
    face = present.main_placement(product)
    return {
        "product": product,
        "title": product.title or "Untitled product",
        "image_url": photo_url(product.catalog.slug, face) if face else "",
        "until": product.deleted_at + KEEP_DELETED,
        "restore_url": restore_url(product.catalog, [product.pk]),
    }


@require_POST
@login_required
def products_restore(request: Request, slug: str) -> HttpResponseBase:
    """Bring deleted products back: those of an undo's address, those chosen, or all."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    # Whoever chose among the deleted goes on choosing there; an undo leads to what is back.
    chosen = "action" in request.POST
    here = reverse("catalog:products_deleted" if chosen else "catalog:products", args=[slug])
    deleted = selectors.deleted_products_in(catalog).values_list("pk", flat=True)
    if request.POST.get("all") == "1":
        wanted = list(deleted)
        try:
            as_seen(request, len(wanted))
        except ValidationError as error:
            return refused(request, first_message(error), here)
    else:
        named = request.GET.getlist("product") + request.POST.getlist("product")
        wanted = list(deleted.filter(pk__in=ids(named)[:MOST_AT_ONCE]))
    if not wanted:
        return refused(request, "Choose at least one product that is still deleted.", here)
    started = products_restore_many(catalog=catalog, ids=wanted, actor=request.user)
    return restored(request, started, here)


def restored(request: Request, started: Started, here: str) -> HttpResponseBase:
    """The answer to who asked for products to be brought back."""
    if started.job is not None:
        return begun(request, started, here)
    result = started.result
    if result["refused"] and not result["changed"]:
        return refused(request, result["why_not"][0], here)
    answer = refused if result["refused"] else done
    return answer(request, told(UNDELETE, {}, result), here)


@require_safe
@login_required
def deleted_photo(request: HttpRequest, slug: str, placement: int) -> HttpResponseBase:
    """A small copy of a photo that is hidden everywhere else, for those who may bring it back."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    shown = get_object_or_404(
        Placement.objects.select_related("photo"), pk=placement, product__catalog=catalog
    )
    return photo_response(request, shown.photo, WIDTHS[0])


def photo_url(slug: str, placement: Placement) -> str:
    return reverse("catalog:deleted_photo", args=[slug, placement.pk])


def removed_parts(product: Product) -> list[dict[str, Any]]:
    """Photos and variants that were taken off the product, the last first."""
    slug = product.catalog.slug
    standing = product.placements.filter(deleted_at=None)
    photos = Placement.objects.deleted().filter(product=product)
    # One that was uploaded again stands there already.
    photos = photos.exclude(photo__in=standing.values("photo")).select_related("photo")
    variants = Variant.objects.deleted().filter(product=product)
    rows: list[tuple[Placement | Variant, str, str]] = [
        (photo, "placement", f"Photo {photo.photo}") for photo in photos
    ]
    rows += [(variant, "variant", f"Variant {variant}") for variant in variants]
    rows.sort(key=lambda row: row[0].deleted_at, reverse=True)  # type: ignore[arg-type, return-value]
    return [
        {
            "label": label,
            "image_url": photo_url(slug, part) if isinstance(part, Placement) else "",
            "until": part.deleted_at + KEEP_DELETED,  # type: ignore[operator]
            "restore_url": reverse(f"catalog:{kind}_restore", args=[slug, product.pk, part.pk]),
        }
        for part, kind, label in rows
    ]
