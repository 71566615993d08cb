"""Search by words, photo, product and filters."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import numpy as np
from django.conf import settings
from django.http import HttpRequest
from ninja import File, Form, Router
from ninja.files import UploadedFile

from catalog import selectors
from catalog.api.errors import Refusal
from catalog.api.schemas import SearchOut
from catalog.search import Filters, Query, clean_text
from catalog.search import search as run_search
from catalog.search.asking import question_ask, question_read
from catalog.services.photos import photo_limits
from catalog.services.search_photos import Crop, photo_vector
from catalog.views.http import read_upload
from catalog.vision.opening import inspect

router = Router(tags=["search"])
LIMIT = 24
CROP_PARTS = 4
# The last is a request without a body, which browses.
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded", ""})


@router.get("/catalogs/{slug:slug}/search", response=SearchOut)
def search_get(
    request: HttpRequest,
    slug: str,
    q: str = "",
    limit: int = LIMIT,
    offset: int = 0,
    filters: str = "",
    ranking: str = "",
    *,
    ask: bool = False,
) -> Any:
    """Search by words. `filters` is JSON: {"color": ["red"], "price": {"gte": 10, "lte": 50},
    "missing": ["material"]}; `missing` are fields that the products lack.
    `ranking` is an earlier answer's, so that later offsets continue its list. With `ask` a question
    such as "which leather bags under 80 lack a material?" is read as words and filters, which
    `read_as` tells; they are added to `filters`.
    """
    catalog = selectors.catalog_for(request.user, slug)
    text, wanted = clean_text(q), _filters(filters)
    reading = question_read(catalog, text) if ask else None
    if reading is not None:
        reading = question_ask(catalog, reading, user_id=request.user.pk)
        text, wanted = reading.words, wanted.with_those_of(reading.filters)
    query = Query(text=text, filters=wanted)
    result = run_search(
        catalog=catalog,
        query=query,
        limit=limit,
        offset=offset,
        user_id=request.user.pk,
        ranking=ranking,
    )
    return SearchOut.of(result, request, reading)


@router.post("/catalogs/{slug:slug}/search", response=SearchOut)
def search_post(
    request: HttpRequest,
    slug: str,
    q: Form[str] = "",
    less: Form[str] = "",
    image: File[UploadedFile | None] = None,
    crop: Form[str] = "",
    like: Form[int | None] = None,
    text_weight: Form[float] = 0.5,
    filters: Form[str] = "",
    limit: Form[int] = LIMIT,
    offset: Form[int] = 0,
    ranking: Form[str] = "",
) -> Any:
    """Search by words, a photo or a part of it (`crop`: x,y,w,h as fractions), a product (`like`),
    away from some words (`less`), or by all of them. `ranking` is an earlier answer's, so that
    later offsets continue its list.
    """
    catalog = selectors.catalog_for(request.user, slug)
    if request.content_type not in _FORMS:
        message = "Send the search as a form: multipart/form-data, see /api/v1/docs."
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    if like is not None and not selectors.products_in(catalog).filter(pk=like).exists():
        _invalid("like", "There is no such product in this catalogue.")
    if not 0 <= text_weight <= 1:
        _invalid("text_weight", "Give a number from 0 to 1.")
    query = Query(
        text=clean_text(q),
        less=clean_text(less),
        photo=_photo(image, _crop(crop)),
        like=like,
        text_weight=text_weight,
        filters=_filters(filters),
    )
    result = run_search(
        catalog=catalog,
        query=query,
        limit=limit,
        offset=offset,
        user_id=request.user.pk,
        ranking=ranking,
    )
    return SearchOut.of(result, request)


def _photo(image: UploadedFile | None, crop: Crop | None) -> np.ndarray | None:
    if image is None:
        if crop is not None:
            _invalid("crop", "A crop needs an image.")
        return None
    data = read_upload(image, settings.MAX_PHOTO_BYTES)
    opened = inspect(data, photo_limits())
    return photo_vector(opened.working_copy or data, crop)


def _crop(text: str) -> Crop | None:
    if not text:
        return None
    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError:
        _invalid("crop", "Give x,y,w,h as fractions of the photo, such as 0.1,0.2,0.5,0.5.")
    fits = 0 <= x < 1 and 0 <= y < 1 and 0 < width <= 1 - x + 1e-6 and 0 < height <= 1 - y + 1e-6
    if not fits:
        _invalid("crop", "The crop must lie inside the photo.")
    return x, y, width, height


def _filters(text: str) -> Filters:
    if not text:
        return Filters()
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        # Not JSON, numbers of thousands of digits, brackets thousands deep.
        _invalid("filters", 'Give JSON such as {"color": ["red"]}.')
    return Filters.parse(raw)


def _invalid(field: str, message: str) -> Any:
    raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, {field: [message]})
