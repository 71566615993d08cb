"""What a product consists of: variants and photos, edited on its page."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog import selectors
from catalog.forms import PlacementForm, VariantForm
from catalog.models import Placement, Product, Variant
from catalog.services import photos as photo_services
from catalog.services import products as services
from catalog.services import variants as variant_services
from catalog.services.photos import photo_stage
from catalog.storage import StorageUnavailable
from catalog.views import present
from catalog.views.http import Request, done, first_message, read_upload, refused
from catalog.views.product import product_in
from catalog.views.upload import STORAGE_AWAY
from catalog.vision.limits import PhotoRejected


@require_http_methods(["GET", "POST"])
@login_required
def variant_new(request: Request, slug: str, pk: int) -> HttpResponseBase:
    product = product_in(request, slug, pk, selectors.EDIT)
    return _variant_form(
        request, product, Variant(product=product, currency=product.catalog.currency)
    )


@require_http_methods(["GET", "POST"])
@login_required
def variant_edit(request: Request, slug: str, pk: int, variant: int) -> HttpResponseBase:
    product = product_in(request, slug, pk, selectors.EDIT)
    found = get_object_or_404(Variant, product=product, pk=variant, deleted_at=None)
    return _variant_form(request, product, found)


def _variant_form(request: Request, product: Product, variant: Variant) -> HttpResponseBase:
    form = VariantForm(request.POST or None, instance=variant)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                _save_variant(request, product, variant, form)
            except ValidationError as error:
                for name, errors in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, errors)
            else:
                return done(request, "Saved.", product.get_absolute_url())
    values = {"catalog": product.catalog, "product": product, "variant": variant, "form": form}
    return render(request, "catalog/variant_edit.html", values, status=status)


def _save_variant(request: Request, product: Product, variant: Variant, form: VariantForm) -> None:
    if variant.pk:
        stored = Variant.objects.select_related("product", "catalog").get(pk=variant.pk)
        variant_services.variant_update(variant=stored, actor=request.user, **form.changes())
    else:
        variant_services.variant_create(product=product, actor=request.user, **form.cleaned_data)


@require_POST
@login_required
def variant_delete(request: Request, slug: str, pk: int, variant: int) -> HttpResponseBase:
    product = product_in(request, slug, pk, selectors.EDIT)
    found = get_object_or_404(Variant, product=product, pk=variant, deleted_at=None)
    here = product.get_absolute_url()
    try:
        variant_services.variant_delete(variant=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    undo_url = reverse("catalog:variant_restore", args=[slug, pk, variant])
    return done(request, f"Variant {found} deleted.", here, undo_url=undo_url)


@require_POST
@login_required
def variant_restore(request: Request, slug: str, pk: int, variant: int) -> HttpResponseBase:
    product = product_in(request, slug, pk, selectors.EDIT)
    found = get_object_or_404(Variant, product=product, pk=variant)
    here = product.get_absolute_url()
    try:
        variant_services.variant_restore(variant=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return done(request, f"Variant {found} restored.", here)


@require_POST
@login_required
def photos_add(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """More photos for a product, from a plain form."""
    product = product_in(request, slug, pk, selectors.EDIT)
    here = product.get_absolute_url()
    files = request.FILES.getlist("image")
    if not files:
        return refused(request, "Choose at least one photo.", here)
    try:
        staged = [
            photo_stage(data=read_upload(file, settings.MAX_PHOTO_BYTES), name=file.name or "")
            for file in files
        ]
        placed = services.product_add_photos(product=product, photos=staged, actor=request.user)
    except PhotoRejected as error:
        return refused(request, error.message, here)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    except StorageUnavailable:
        return refused(request, STORAGE_AWAY, here)
    if not placed:
        return refused(request, "These photos are on the product already.", here)
    words = "1 photo added." if len(placed) == 1 else f"{len(placed)} photos added."
    return done(request, words, here)


def _placement(request: Request, slug: str, pk: int, placement: int) -> Placement:
    product = product_in(request, slug, pk, selectors.EDIT)
    return get_object_or_404(
        Placement.objects.select_related("product__catalog", "photo"),
        product=product,
        pk=placement,
    )


@require_http_methods(["GET", "POST"])
@login_required
def placement_edit(request: Request, slug: str, pk: int, placement: int) -> HttpResponseBase:
    """What a photo is to its product: role, alternative text, variant."""
    found = _placement(request, slug, pk, placement)
    product = found.product
    initial = {"role": found.role, "alt_text": found.alt_text, "variant": found.variant_id}
    form = PlacementForm(product, request.POST or None, initial=initial)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            variant = form.cleaned_data["variant"]
            try:
                photo_services.placement_update(
                    placement=found,
                    actor=request.user,
                    role=form.cleaned_data["role"] or None,
                    alt_text=form.cleaned_data["alt_text"],
                    variant=variant,
                    clear_variant=variant is None,
                )
            except ValidationError as error:
                form.add_error(None, first_message(error))
            else:
                return done(request, "Saved.", product.get_absolute_url())
    values = {
        "catalog": product.catalog,
        "product": product,
        "placement": found,
        "image": present.image(found),
        "facts": present.photo_facts(found.photo),
        "form": form,
    }
    return render(request, "catalog/placement_edit.html", values, status=status)


@require_POST
@login_required
def placement_move(request: Request, slug: str, pk: int, placement: int) -> HttpResponseBase:
    """One place forward or back ("by" is -1 or 1)."""
    found = _placement(request, slug, pk, placement)
    order = list(found.product.placements.filter(deleted_at=None).values_list("pk", flat=True))
    here = found.product.get_absolute_url()
    if found.pk not in order:
        return refused(request, "This photo is no longer on the product.", here)
    step = -1 if request.POST.get("by") == "-1" else 1
    place = order.index(found.pk)
    order.insert(min(max(place + step, 0), len(order) - 1), order.pop(place))
    photo_services.placements_reorder(product=found.product, order=order, actor=request.user)
    return done(request, "Moved.", here)


@require_POST
@login_required
def placement_delete(request: Request, slug: str, pk: int, placement: int) -> HttpResponseBase:
    found = _placement(request, slug, pk, placement)
    if found.deleted_at is None:
        photo_services.placement_delete(placement=found, actor=request.user)
    undo_url = reverse("catalog:placement_restore", args=[slug, pk, placement])
    return done(request, "Photo removed.", found.product.get_absolute_url(), undo_url=undo_url)


@require_POST
@login_required
def placement_restore(request: Request, slug: str, pk: int, placement: int) -> HttpResponseBase:
    found = _placement(request, slug, pk, placement)
    here = found.product.get_absolute_url()
    try:
        photo_services.placement_restore(placement=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return done(request, "Photo is back.", here)
