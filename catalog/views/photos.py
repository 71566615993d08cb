"""Photos, to those who may see them."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from catalog import selectors, storage
from catalog.models import Photo, SearchPhoto
from catalog.renditions import MIME, WIDTHS, rendition
from catalog.vision.limits import PhotoRejected

# A photo's bytes never change under its address; what may change is who may see it.
BROWSER_SECONDS = 7 * 24 * 3600
# For so long nobody asks again whether a person may still see a photo that is stored elsewhere.
REDIRECT_SECONDS = 600


@require_safe
def photo(request: HttpRequest, pk: int, width: int) -> HttpResponseBase:
    """A copy of a photo, `width` pixels wide at most; for a session or an API token."""
    return photo_response(request, selectors.photo_for(_viewer(request), pk), width)


def _viewer(request: HttpRequest) -> object:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return selectors.token_user(token.strip())
    return request.user


def photo_response(request: HttpRequest, shown: Photo, width: int) -> HttpResponseBase:
    """The answer for somebody who may see the photo; from S3, a signed address of the bucket."""
    if width not in WIDTHS:
        raise Http404
    etag = quote_etag(f"{shown.sha256[:32]}-{width}")
    if request.headers.get("If-None-Match") == etag:
        return _cached(HttpResponse(status=HTTPStatus.NOT_MODIFIED), etag)
    try:
        name, made = rendition(shown, width)
        if storage.is_remote():
            response: HttpResponseBase = redirect(storage.signed_address(name))
            patch_cache_control(response, private=True, max_age=REDIRECT_SECONDS)
            return response
        data = made if made is not None else storage.read(name)
    except (storage.FileMissing, PhotoRejected) as error:
        raise Http404 from error
    except storage.StorageUnavailable:
        return HttpResponse(
            "The photo cannot be read just now.",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"Retry-After": "10"},
        )
    response = HttpResponse(data, content_type=MIME)
    return _cached(response, etag)


def _cached(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["Content-Disposition"] = "inline"
    patch_cache_control(response, private=True, max_age=BROWSER_SECONDS, immutable=True)
    return response


@require_safe
@login_required
def search_photo(request: HttpRequest, slug: str, token: UUID) -> HttpResponse:
    """The picture of a search by photo."""
    catalog = selectors.catalog_for(request.user, slug)
    picture = get_object_or_404(SearchPhoto, catalog=catalog, token=token)
    return _cached(HttpResponse(bytes(picture.image), content_type=MIME), quote_etag(str(token)))
