"""The vocabulary, as files of it have it."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from ninja import Router

from catalog.vocabulary.kept import Exported, exported

router = Router(tags=["vocabulary"])


@router.get("/vocabulary", response={200: dict, 304: None})
def vocabulary_json(request: HttpRequest) -> HttpResponse:
    """The whole vocabulary: `{"categories": [...], "attributes": [...]}`, with labels in all
    languages. The `ETag` changes when anything of it does; send it back as `If-None-Match`.
    """
    return _answer(request, exported("json"), "application/json")


@router.get("/vocabulary.toml", response={200: str, 304: None})
def vocabulary_toml(request: HttpRequest) -> HttpResponse:
    """The same as a TOML file that `manage.py load_vocabulary` and the import page take."""
    response = _answer(request, exported("toml"), "application/toml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="vocabulary.toml"'
    return response


def _answer(request: HttpRequest, export: Exported, content_type: str) -> HttpResponse:
    known = request.headers.get("If-None-Match", "")
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    if export.etag in tags or "*" in tags:
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = HttpResponse(export.content, content_type=content_type)
    response["ETag"] = export.etag
    response["Cache-Control"] = "private, no-cache"
    return response
