"""The photos of an archive by the product they go to: looked at, moved, merged, split, renamed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_http_methods, require_safe

from catalog.importing import regrouping
from catalog.importing.thumbnails import MIME, NoThumbnail, thumbnail
from catalog.models import Import, ImportItem, ImportPhoto, ImportState
from catalog.views.http import Request, done, first_message, ids, number, refused
from catalog.views.imports import present
from catalog.views.imports.page import found
from catalog.views.words import count_of

PAGE = 12
# Of a group; when some of them are put elsewhere, the next ones are.
PHOTOS = 60
CHOICES = 200
THUMBNAIL_SECONDS = 3600
# What an act says, and which group it is about.
Done = tuple[str, ImportItem]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_groups(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """The groups as cards; a POST puts photos elsewhere."""
    catalog, source = found(request, slug, pk)
    if source.state != ImportState.READY or source.photos_id is None:
        return redirect(present.import_url(source))
    if request.method == "POST":
        return _act(request, source)
    page = Paginator(_groups(source), PAGE).get_page(number(request.GET.get("page"), 1))
    counts = _counts(source, page.object_list)
    values = {
        "catalog": catalog,
        "source": source,
        "pill": present.pill(source),
        "format_label": present.format_label(source.format),
        "steps": present.steps(source),
        "groups": [_group(item, counts[item.pk]) for item in page.object_list],
        "choices": _choices(source, page.object_list),
        "page": page,
        "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?page={page.number + 1}" if page.has_next() else "",
    }
    return render(request, "catalog/import_groups.html", values)


def _groups(source: Import) -> QuerySet[ImportItem]:
    """The products of the import that photos of the archive go to."""
    photos = _photos(source)
    return (
        ImportItem.objects.filter(Exists(photos.filter(item=OuterRef("pk"))), source=source)
        .select_related("product__catalog")
        .prefetch_related(Prefetch("photo_rows", photos[:PHOTOS], to_attr="shown"))
        .order_by("number")
    )


def _photos(source: Import) -> QuerySet[ImportPhoto]:
    """Those of the archive: what has an address is not there yet."""
    rows = ImportPhoto.objects.filter(origin=source)
    for scheme in ("http://", "https://"):
        rows = rows.exclude(source__istartswith=scheme)
    return rows.order_by("position", "pk")


def _name(item: ImportItem) -> str:
    if item.product is not None:
        return str(item.product)
    return str(item.record.get("fields", {}).get("title") or item.key)


def _counts(source: Import, items: Iterable[ImportItem]) -> dict[int, int]:
    """How many photos go to each."""
    rows = _photos(source).filter(item__in=[item.pk for item in items]).order_by()
    return dict(rows.values_list("item").annotate(Count("pk")))


def _group(item: ImportItem, count: int) -> dict[str, Any]:
    alone = regrouping.is_photos_alone(item)
    return {
        "item": item,
        "name": _name(item),
        "is_new": item.product_id is None,
        "url": item.product.get_absolute_url() if item.product else "",
        "photos": item.shown,  # type: ignore[attr-defined]
        "more": count - len(item.shown),  # type: ignore[attr-defined]
        "renamable": alone and item.product_id is None,
        "assignable": alone,
    }


def _choices(source: Import, here: Iterable[ImportItem]) -> list[tuple[int, str]]:
    """Where photos can be put: the groups of this page, and others as long as they fit into a list."""
    items = ImportItem.objects.filter(source=source).select_related("product").order_by("number")
    found = {item.pk: _name(item) for item in items[:CHOICES]}
    return list({**found, **{item.pk: _name(item) for item in here}}.items())


def _act(request: Request, source: Import) -> HttpResponseBase:
    form = request.POST
    page = number(form.get("page"), 1)
    here = present.import_url(source, "import_groups") + (f"?page={page}" if page > 1 else "")
    try:
        words, item = _ACTS.get(form.get("act", ""), _nothing)(request, source)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    # Not to the top again, away from where one is at work.
    return done(request, words, f"{here}#group-{item.pk}")


def _item(source: Import, text: str | None) -> ImportItem:
    item = ImportItem.objects.filter(source=source, pk=number(text, 0)).first()
    if item is None:
        raise ValidationError("Choose a product to put them to.")
    return item


def _nothing(_request: Request, _source: Import) -> Done:
    raise ValidationError("There is no such act.")


def _move(request: Request, source: Import) -> Done:
    to = _item(source, request.POST.get("to"))
    photos = ids(request.POST.getlist("photo"))
    moved = regrouping.photos_move(source=source, photos=photos, to=to)
    return f"{count_of(moved, 'photo')} moved to “{_name(to)}”.", to


def _split(request: Request, source: Import) -> Done:
    photos = ids(request.POST.getlist("photo"))
    title = request.POST.get("title", "")
    item = regrouping.photos_split(source=source, photos=photos, title=title)
    return f"“{_name(item)}” is a product of its own now.", item


def _merge(request: Request, source: Import) -> Done:
    item, into = (_item(source, request.POST.get(name)) for name in ("item", "to"))
    name = _name(item)
    regrouping.group_merge(source=source, item=item, into=into)
    return f"The photos of “{name}” are put to “{_name(into)}”.", into


def _rename(request: Request, source: Import) -> Done:
    item = _item(source, request.POST.get("item"))
    title = request.POST.get("title", "")
    regrouping.group_rename(source=source, item=item, title=title)
    return f"It is called “{_name(item)}” now.", item


def _assign(request: Request, source: Import) -> Done:
    item = _item(source, request.POST.get("item"))
    name = request.POST.get("product", "")
    product = regrouping.group_assign(source=source, item=item, name=name)
    return f"The photos go to “{product}”.", item


_ACTS = {
    "move": _move,
    "split": _split,
    "merge": _merge,
    "rename": _rename,
    "assign": _assign,
}


@require_safe
@login_required
def import_photo(request: Request, slug: str, pk: int, photo: int) -> HttpResponseBase:
    """A photo of the archive, small, to those who may edit; its bytes are checked and made anew."""
    _, source = found(request, slug, pk)
    row = ImportPhoto.objects.filter(origin=source, pk=photo).first()
    if row is None:
        raise Http404
    try:
        data = thumbnail(source, row)
    except NoThumbnail as error:
        raise Http404 from error
    response = HttpResponse(data, content_type=MIME)
    response["Content-Disposition"] = "inline"
    patch_cache_control(response, private=True, max_age=THUMBNAIL_SECONDS)
    return response
