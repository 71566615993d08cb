"""Adding photos."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_http_methods

from catalog import selectors
from catalog.models import Catalog, Product
from catalog.services.photos import StagedPhoto, photo_stage
from catalog.services.products import Created, product_add_photos, product_create
from catalog.storage import StorageUnavailable
from catalog.views.http import Request, first_message, json_error, number, read_upload, wants_json
from catalog.views.places import BRING, tabs
from catalog.vision.limits import PhotoRejected

ACCEPT = (
    "image/jpeg,image/png,image/webp,image/gif,image/avif,image/heic,image/heif,image/tiff,"
    "image/bmp,.heic,.heif,.avif,.tif,.tiff"
)
HINT = (
    "JPEG, PNG, WebP, AVIF, HEIC, GIF, TIFF or BMP, "
    "up to {megabytes} MB and {megapixels} megapixels each."
)
LINKS_SHOWN = 5
STORAGE_AWAY = "The photo storage does not answer. Nothing was saved: try again in a moment."


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def upload(request: Request, slug: str) -> HttpResponseBase:
    """The upload page; takes photos one by one from its script, all at once from its form."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    if request.method != "POST":
        values = {
            "catalog": catalog,
            "tabs": tabs(catalog, BRING, "upload"),
            "accept": ACCEPT,
            "max_bytes": settings.MAX_PHOTO_BYTES,
            "hint": HINT.format(
                megabytes=settings.MAX_PHOTO_BYTES // (1024 * 1024),
                megapixels=settings.MAX_PHOTO_PIXELS // 1_000_000,
            ),
        }
        return render(request, "catalog/upload.html", values)
    if wants_json(request):
        return _from_script(request, catalog)
    return _from_form(request, catalog)


def _from_script(request: Request, catalog: Catalog) -> HttpResponseBase:
    files = request.FILES.getlist("image")
    if len(files) != 1:
        message = "Send one photo a request, in the field “image”."
        return json_error(message, code="no_photo", status=HTTPStatus.BAD_REQUEST)
    try:
        created = _take(request, catalog, files)
    except PhotoRejected as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return json_error(error.message, code=error.code, status=status)
    except ValidationError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return json_error(first_message(error), code="invalid", status=status)
    except StorageUnavailable:
        return json_error(STORAGE_AWAY, code="storage", status=HTTPStatus.SERVICE_UNAVAILABLE)
    product = created.product
    answer: dict[str, Any] = {
        "id": product.pk,
        "title": product.title,
        "url": product.get_absolute_url(),
        "duplicate": created.duplicate,
    }
    status = HTTPStatus.OK if created.duplicate else HTTPStatus.CREATED
    return JsonResponse(answer, status=status)


def _take(request: Request, catalog: Catalog, files: list[UploadedFile]) -> Created:
    """One product of these photos, or more photos for the product that "product" names."""
    staged = [_stage(file) for file in files]
    joined = request.POST.get("product", "")
    if not joined:
        return product_create(catalog=catalog, actor=request.user, photos=staged)
    product = selectors.product_for(request.user, number(joined, 0), selectors.EDIT)
    if product.catalog_id != catalog.pk:
        raise Http404
    placed = product_add_photos(product=product, photos=staged, actor=request.user)
    return Created(product, duplicate=not placed)


def _stage(file: UploadedFile) -> StagedPhoto:
    return photo_stage(data=read_upload(file, settings.MAX_PHOTO_BYTES), name=file.name or "")


def _from_form(request: Request, catalog: Catalog) -> HttpResponseBase:
    files = request.FILES.getlist("image")
    here = reverse("catalog:upload", args=[catalog.slug])
    if not files:
        messages.error(request, "Choose at least one photo.")
        return redirect(here)
    groups = [files] if request.POST.get("grouping") == "one" else [[file] for file in files]
    made: list[Product] = []
    known: list[Product] = []
    for group in groups:
        try:
            created = _take(request, catalog, group)
        except PhotoRejected as error:
            names = ", ".join(file.name or "photo" for file in group)
            messages.error(request, f"{names}: {error.message}")
        except ValidationError as error:
            messages.error(request, first_message(error))
        except StorageUnavailable:
            messages.error(request, STORAGE_AWAY)
            break
        else:
            (known if created.duplicate else made).append(created.product)
    if known:
        messages.info(request, _already_here(known))
    if not made:
        return redirect(here)
    messages.success(request, f"{len(made)} product{'s' if len(made) > 1 else ''} added.")
    return redirect(reverse("catalog:products", args=[catalog.slug]))


def _already_here(products: Sequence[Product]) -> str:
    distinct = list(dict.fromkeys(products))
    links = format_html_join(
        ", ", '<a href="{}">{}</a>', ((p.get_absolute_url(), p) for p in distinct[:LINKS_SHOWN])
    )
    more = f" and {len(distinct) - LINKS_SHOWN} more" if len(distinct) > LINKS_SHOWN else ""
    return format_html("Already here: {}{}.", links, more)
