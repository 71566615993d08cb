"""Which photos of a catalogue are published: the list, and what publishes and revokes them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.models import AuditEvent, Catalog, PhotoPublishing, PublishedPhoto
from catalog.models.job import PUBLISH, UNPUBLISH
from catalog.publishing import services
from catalog.publishing.addresses import is_reachable, site_address
from catalog.publishing.many import MANY, products_publish, products_publish_undo
from catalog.publishing.reading import addresses_of, approved_products, photo_counts
from catalog.publishing.services import photo_address
from catalog.services.bulk import Started
from catalog.views.bulk_acts import acts_here, told
from catalog.views.http import Request, done, first_message, number, refused
from catalog.views.jobs import begun
from catalog.views.out_tabs import out_tabs
from catalog.views.words import count_of

PAGE = 50


@require_safe
@login_required
def published(request: Request, slug: str) -> HttpResponseBase:
    """The photos that anybody may see, and where."""
    catalog = selectors.catalog_for(request.user, slug)
    page = Paginator(addresses_of(catalog), PAGE).get_page(number(request.GET.get("page"), 1))
    values = {
        "catalog": catalog,
        "tabs": out_tabs(catalog, "published", request.user),
        "rows": [{"row": row, "address": photo_address(row.token)} for row in page.object_list],
        "page": page,
        "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?page={page.number + 1}" if page.has_next() else "",
        "counts": photo_counts(catalog),
        "keeps": PhotoPublishing.objects.filter(catalog=catalog)
        .select_related("created_by")
        .first(),
        "may_edit": selectors.may(request.user, catalog),
        "is_reachable": is_reachable(),
        "site": site_address(),
        **acts_here(request, catalog, "published"),
    }
    return render(request, "catalog/published.html", values)


def _here(catalog: Catalog) -> str:
    return reverse("catalog:published", args=[catalog.slug])


def publishing_answer(request: Request, started: Started, here: str) -> HttpResponseBase:
    """What to say to who asked to publish photos of products."""
    if started.job is not None:
        return begun(request, started, here)
    event = started.result["event"]
    undo = ""
    if event:
        catalog = AuditEvent.objects.select_related("catalog").get(pk=event).catalog
        assert catalog is not None
        undo = reverse("catalog:publish_undo", args=[catalog.slug, event])
    return done(request, told(PUBLISH, {}, started.result), here, undo_url=undo)


@require_POST
@login_required
def publish_all(request: Request, slug: str) -> HttpResponseBase:
    """Publish the photos of everything that is approved; with `keep`, also of what will be."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    if request.POST.get("keep"):
        try:
            services.publishing_keep(catalog=catalog, actor=request.user)
        except ValidationError as error:
            return refused(request, first_message(error), _here(catalog))
    ids = approved_products(catalog).values_list("pk", flat=True)
    started = products_publish(catalog=catalog, ids=ids, actor=request.user)
    return publishing_answer(request, started, _here(catalog))


@require_POST
@login_required
def publish_end(request: Request, slug: str) -> HttpResponseBase:
    """Publish photos of what is approved no more by itself."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    services.publishing_end(catalog=catalog, actor=request.user)
    words = (
        "Photos of what is approved from now on stay private. Addresses that there are stay good."
    )
    return done(request, words, _here(catalog))


@require_POST
@login_required
def publish_undo(request: Request, slug: str, event: int) -> HttpResponseBase:
    """Revoke the addresses that an act on many products made."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    found = get_object_or_404(AuditEvent, pk=event, catalog=catalog, action=MANY)
    try:
        started = products_publish_undo(event=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), _here(catalog))
    if started.job is not None:
        return begun(request, started, _here(catalog))
    return done(request, told(UNPUBLISH, {}, started.result), _here(catalog))


@require_POST
@login_required
def revoke_all(request: Request, slug: str) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    count = services.catalog_photos_revoke(catalog=catalog, actor=request.user)
    words = f"{count_of(count, 'address', 'addresses')} revoked. They lead nowhere from now on."
    return done(request, words, _here(catalog))


@require_POST
@login_required
def revoke_one(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Revoke the address of one photo."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    row = get_object_or_404(
        PublishedPhoto.objects.select_related("placement"),
        pk=pk,
        placement__product__catalog=catalog,
    )
    services.photos_revoke(placements=[row.placement], actor=request.user)
    return done(request, "The address is revoked: it leads nowhere from now on.", _here(catalog))


@require_POST
@login_required
def product_publish(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Publish the photos of a product, or with `act=revoke` revoke their addresses."""
    product = selectors.product_for(request.user, pk, selectors.EDIT)
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    product = get_object_or_404(selectors.products_in(catalog), pk=product.pk)
    here = reverse("catalog:product", args=[slug, pk])
    if request.POST.get("act") == "revoke":
        count = services.photos_revoke(placements=product.placements.all(), actor=request.user)
        return done(request, f"{count_of(count, 'address', 'addresses')} revoked.", here)
    started = products_publish(catalog=catalog, ids=[pk], actor=request.user)
    return publishing_answer(request, started, here)
