"""The search page: words, photo, product, weight and filters, all in its address."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.models import Catalog, SearchPhoto
from catalog.search import Query, SearchResult, clean_text, search
from catalog.search.asking import MODEL, Reading
from catalog.services.search_photos import search_photo_create, search_photo_vector
from catalog.views import present
from catalog.views.activity import activity_if_busy, current_activity
from catalog.views.filters import PAGING, Facetting
from catalog.views.http import Request, json_error, number, read_upload, wants_json
from catalog.views.http import refused as refuse
from catalog.views.questions import ASK, READ, ask_model, read_address, shown
from catalog.vision.limits import PhotoRejected
from prodintel.engine.errors import EngineError

# Fills whole rows of two, three, five and six.
PAGE = 30
DEFAULT_WEIGHT = 0.5


@dataclass(frozen=True)
class Asked:
    """A search as its address says it; of a question, with the filters that it was read as."""

    query: Query
    address: QueryDict
    photo: SearchPhoto | None = None
    notice: str = ""
    lacks_looks: bool = False
    reading: Reading | None = None

    @property
    def is_lost(self) -> bool:
        """Nothing is left of it but, perhaps, filters: what these find would pass for similar."""
        return self.lacks_looks and self.query.browses


@require_safe
@login_required
def search_page(request: Request, slug: str) -> HttpResponseBase:
    """The page; only its results for htmx, only further cards for "load more"."""
    catalog = selectors.catalog_for(request.user, slug)
    if request.GET.get(ASK) == MODEL and not ask_model(catalog, request):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    asked = asked_of(catalog, request.GET)
    offset = max(number(request.GET.get("offset"), 0), 0)
    if asked.is_lost:
        result = SearchResult.nothing()
    else:
        result = search(
            catalog=catalog,
            query=asked.query,
            limit=PAGE,
            offset=offset,
            with_facets=not (request.htmx and offset),
            user_id=request.user.pk,
            ranking=request.GET.get("ranking", ""),
        )
    values = _values(request, catalog, asked, result, offset)
    if request.htmx and not request.htmx.history_restore_request:
        template = "catalog/_search_more.html" if offset else "catalog/_search_results.html"
    else:
        template = "catalog/search.html"
    response = render(request, template, values)
    response["Vary"] = "HX-Request, Cookie"
    return response


@require_safe
@login_required
def search_state(request: Request, slug: str) -> HttpResponseBase:
    """How much is searchable; the fragment asks again by itself until everything is."""
    catalog = selectors.catalog_for(request.user, slug)
    values = {"catalog": catalog, "activity": current_activity(catalog), "polled": True}
    return render(request, "catalog/_search_state.html", values)


def asked_of(catalog: Catalog, address: QueryDict) -> Asked:
    """The search that an address names, without what of it cannot be asked."""
    address, reading = read_address(catalog, address)
    filters, notices = Facetting.asked(address)
    photo = _photo(catalog, address.get("photo", ""))
    vector = None
    if photo is not None:
        try:
            vector = search_photo_vector(photo)
        except EngineError:
            notices.append("The encoder does not answer, so your photo is left out for now.")
    elif address.get("photo"):
        notices.append("That photo is no longer here: drop it again.")
    lacks_looks = vector is None and bool(address.get("photo"))
    like = number(address.get("like"), 0)
    if like and not selectors.products_in(catalog).filter(pk=like).exists():
        like, lacks_looks = 0, True
        notices.append("The product that these should look like is gone.")
    query = Query(
        text=reading.words if reading else clean_text(address.get("q", "")),
        photo=vector,
        like=like or None,
        text_weight=_weight(address.get("text_weight", "")),
        filters=filters,
    )
    return Asked(query, address, photo, " ".join(notices), lacks_looks, reading)


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return DEFAULT_WEIGHT
    return min(max(weight, 0.0), 1.0) if math.isfinite(weight) else DEFAULT_WEIGHT


def _photo(catalog: Catalog, token: str) -> SearchPhoto | None:
    try:
        known = uuid.UUID(token)
    except ValueError:
        return None
    return SearchPhoto.objects.filter(catalog=catalog, token=known).first()


def _values(
    request: Request, catalog: Catalog, asked: Asked, result: SearchResult, offset: int
) -> dict[str, Any]:
    # By the page and not by its cards: a product that went since the order was made leaves a gap.
    shown_to = offset + PAGE
    next_url = ""
    if shown_to < result.total:
        address = asked.address.copy()
        for name in PAGING:
            address.pop(name, None)
        address["offset"] = str(shown_to)
        if result.ranking:
            address["ranking"] = result.ranking
        next_url = f"?{address.urlencode()}"
    text = clean_text(request.GET.get("q", ""))
    facetting = Facetting(catalog, asked.address, result.facets, asked.query.filters)
    return {
        "catalog": catalog,
        "query": asked.query,
        "q": text,
        "reading": shown(
            asked.reading,
            asked.address,
            facetting,
            is_edited=request.GET.get(READ) == text,
        ),
        "cards": _cards(asked.query, result),
        "result": result,
        "total": result.total,
        "next_url": next_url,
        "remaining": max(result.total - shown_to, 0),
        "facets": facetting.facets(),
        "chips": facetting.chips(),
        "chosen": facetting.chosen,
        "clear_url": facetting.clear_url,
        "photo": _shown_photo(catalog, asked.photo),
        "is_lost": asked.is_lost,
        "like": _shown_like(catalog, asked.query.like),
        "notice": f"{asked.notice} {result.notice}".strip(),
        "activity": activity_if_busy(catalog),
        "may_edit": selectors.may(request.user, catalog),
        "fresh": not request.GET,
        **(_elsewhere(asked, catalog) if result.matching else {}),
    }


def _elsewhere(asked: Asked, catalog: Catalog) -> dict[str, str]:
    """Where all that matches can be given to the vision model, edited as a table and taken out."""
    address = asked.address.copy()
    for name in PAGING:
        address.pop(name, None)
    # See `choosing.SEARCH`: the product list's filters have some of these names too.
    address["from"] = "search"
    return {
        f"{name}_url": f"{reverse(f'catalog:{page}', args=[catalog.slug])}?{address.urlencode()}"
        for name, page in (("describe", "describe"), ("grid", "grid"), ("export", "exports"))
    }


def _cards(query: Query, result: SearchResult) -> list[dict[str, Any]]:
    """The hits as cards; the first of those that are weak from there on is marked as a divide."""
    if query.browses:
        return [present.card(hit.product) for hit in result.hits]
    cards = [present.card(hit.product, hit) for hit in result.hits]
    strong = [n for n, card in enumerate(cards) if card["strength"] != "weak"]
    if strong and strong[-1] + 1 < len(cards):
        cards[strong[-1] + 1]["divide"] = "Weak matches"
    return cards


def _shown_photo(catalog: Catalog, photo: SearchPhoto | None) -> dict[str, str] | None:
    if photo is None:
        return None
    url = reverse("catalog:search_photo", args=[catalog.slug, photo.token])
    return {"token": str(photo.token), "thumbnail_url": url, "label": "Your photo"}


def _shown_like(catalog: Catalog, product_id: int | None) -> dict[str, Any] | None:
    if product_id is None:
        return None
    product = selectors.products_by_ids(catalog, [product_id])[0]
    placement = present.main_placement(product)
    thumbnail = present.photo_url(placement.photo_id, 96) if placement else ""
    return {"id": product.pk, "title": str(product), "thumbnail_url": thumbnail}


@require_POST
@login_required
def search_photo_upload(request: Request, slug: str) -> HttpResponseBase:
    """Takes a photo to search with; answers with the token that stands for it in addresses."""
    catalog = selectors.catalog_for(request.user, slug)
    here = reverse("catalog:search", args=[slug])
    file = request.FILES.get("image")
    if file is None:
        return _no_photo(request, here, "Choose a photo to search with.", "no_photo", 400)
    try:
        data = read_upload(file, settings.MAX_PHOTO_BYTES)
        photo = search_photo_create(catalog=catalog, data=data, actor=request.user)
    except PhotoRejected as error:
        return _no_photo(request, here, error.message, error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
    except EngineError:
        message = "The encoder is being loaded. Try again in a moment, or search by words."
        return _no_photo(request, here, message, "encoder", HTTPStatus.SERVICE_UNAVAILABLE)
    if wants_json(request):
        shown = _shown_photo(catalog, photo) or {}
        return JsonResponse(shown, status=HTTPStatus.CREATED)
    address = QueryDict(mutable=True)
    if text := clean_text(request.POST.get("q", "")):
        address["q"] = text
    address["photo"] = str(photo.token)
    return redirect(f"{here}?{address.urlencode()}")


def _no_photo(
    request: Request, here: str, message: str, code: str, status: int
) -> HttpResponseBase:
    if wants_json(request):
        return json_error(message, code=code, status=status)
    return refuse(request, message, here)
