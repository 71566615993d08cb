"""Products out over the API: files as streams, the formats there are, saved exports."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, QueryDict, StreamingHttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from catalog import selectors
from catalog.api.schemas import STORABLE, Strict
from catalog.exporting import FORMATS, Export, Format
from catalog.exporting.exports import APPROVED_ONLY, MOST_COLUMNS, PHOTO_CHOICES, PHOTOS
from catalog.exporting.profiles import (
    CHOSEN,
    export_profile_delete,
    export_profile_save,
    profile_chosen,
    profile_export,
    profiles_of,
)
from catalog.models import Catalog, ExportProfile
from catalog.views.choosing import chosen_products
from catalog.views.exporting import site_base
from catalog.views.exports import file_response

router = Router(tags=["exports"])
# Every name that is this call's own; the others are those of the product list and of searches.
_OWN = frozenset({"format", APPROVED_ONLY, "columns", PHOTOS, "profile"})


class FormatOut(Schema):
    name: str
    label: str
    purpose: str
    content_type: str
    extension: str
    columns: list[str] | None = Field(description="What can be chosen; null where nothing can be")
    options: dict[str, list[str]] = Field(description="Settings and their values, the usual first")


class ExportIn(Strict):
    """An export to be kept. `filter` has the parameters of the product list's addresses."""

    name: str = Field(min_length=1, max_length=120, pattern=STORABLE)
    format: str
    columns: list[str] = Field(default_factory=list, max_length=MOST_COLUMNS)
    approved_only: bool = True
    addresses: str = ""
    options: dict[str, str] = Field(default_factory=dict)
    filter: dict[str, str | list[str]] = Field(default_factory=dict)


class ExportOut(Schema):
    id: int
    name: str
    format: str
    columns: list[str]
    approved_only: bool
    addresses: str
    options: dict[str, str]
    filter: dict[str, list[str]]
    created_by: str | None
    updated_at: datetime

    @classmethod
    def of(cls, profile: ExportProfile) -> ExportOut:
        export = profile_export(profile)
        found: dict[str, list[str]] = {}
        for name, value in profile.options.get(CHOSEN, ()):
            found.setdefault(name, []).append(value)
        return cls(
            id=profile.pk,
            name=profile.name,
            format=profile.format,
            columns=list(export.columns),
            approved_only=export.approved_only,
            addresses=export.photos,
            options=dict(export.options),
            filter=found,
            created_by=profile.created_by.get_username() if profile.created_by else None,
            updated_at=profile.updated_at,
        )


class Asked(Schema):
    """What of the catalogue, as which file. Further parameters filter as in the product list:
    status, category, missing, f.ATTRIBUTE ..., or `product` for single ones.
    """

    format: str = Field("csv", description="A name of GET /catalogs/{slug}/export-formats")
    approved_only: bool = Field(True, description="As last approved; false: all, as they are now")
    columns: str = Field("", description="Headers in order, parted by commas; all if none is given")
    addresses: str = Field("", description="Of photos: public, all or none")
    profile: int | None = Field(
        None, description="A saved export; the rest counts for nothing then"
    )


@router.get("/catalogs/{slug:slug}/export-formats", response=list[FormatOut])
def export_formats(request: HttpRequest, slug: str) -> Any:
    """The file formats there are, with the columns that this catalogue's products have in each."""
    catalog = selectors.catalog_for(request.user, slug)
    return [
        FormatOut(
            name=form.name,
            label=form.label,
            purpose=form.purpose,
            content_type=form.content_type,
            extension=form.extension,
            columns=form.headers(Export.of(catalog, form).writing()) if form.headers else None,
            options={each.name: list(dict(each.choices)) for each in form.choices}
            | ({PHOTOS: list(PHOTO_CHOICES)} if form.files is None else {}),
        )
        for form in FORMATS.values()
    ]


@router.get("/catalogs/{slug:slug}/export", response=None)
def export_call(request: HttpRequest, slug: str, asked: Query[Asked]) -> StreamingHttpResponse:
    """Products as a file, streamed. It is noted who took it."""
    catalog = selectors.catalog_for(request.user, slug)
    if asked.profile is not None:
        profile = _profile(catalog, asked.profile)
        export = profile_export(profile, base=site_base(request))
        return file_response(request, export, profile_chosen(profile, request.user.pk))
    form = _form(asked.format)
    choices = {each.name: request.GET.get(each.name, "") for each in form.choices}
    export = Export.of(
        catalog,
        form,
        columns=[name.strip() for name in asked.columns.split(",") if name.strip()],
        options={
            **_checked(form, choices, asked.addresses),
            APPROVED_ONLY: asked.approved_only,
        },
        base=site_base(request),
    )
    _check_columns(export)
    address = request.GET.copy()
    for name in _OWN | choices.keys():
        address.pop(name, None)
    return file_response(request, export, chosen_products(catalog, address, request.user.pk))


def _form(name: str) -> Format:
    form = FORMATS.get(name)
    if form is None:
        raise ValidationError({"format": [f"Use one of {', '.join(FORMATS)}."]})
    return form


def _checked(form: Format, choices: dict[str, str], addresses: str) -> dict[str, Any]:
    """What was said of settings. Raises ValidationError for what a setting cannot be."""
    said = {name: value for name, value in choices.items() if value}
    known = {each.name: dict(each.choices) for each in form.choices}
    for name, value in said.items():
        if value not in known.get(name, {}):
            usual = ", ".join(filter(None, known.get(name, {})))
            message = f"Use one of {usual}." if usual else f"{form.name} has no such option."
            raise ValidationError({name: [message]})
    if addresses and addresses not in PHOTO_CHOICES:
        raise ValidationError({PHOTOS: [f"Use one of {', '.join(PHOTO_CHOICES)}."]})
    return {**said, PHOTOS: addresses}


def _check_columns(export: Export) -> None:
    if not export.columns or export.form.headers is None:
        return
    known = set(export.form.headers(export.writing()))
    unknown = [name for name in export.columns if name not in known]
    if unknown:
        message = f"There is no column “{unknown[0][:80]}”. See /catalogs/{{slug}}/export-formats."
        raise ValidationError({"columns": [message]})


def _profile(catalog: Catalog, pk: int) -> ExportProfile:
    found = profiles_of(catalog).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _keep(
    request: HttpRequest, catalog: Catalog, body: ExportIn, profile: ExportProfile | None = None
) -> ExportProfile:
    form = _form(body.format)
    options = _checked(form, body.options, body.addresses)
    export = Export.of(
        catalog,
        form,
        columns=body.columns,
        options={**options, APPROVED_ONLY: body.approved_only},
    )
    address = QueryDict(mutable=True)
    for name, value in body.filter.items():
        address.setlist(name, value if isinstance(value, list) else [value])
    return export_profile_save(
        export=export,
        name=body.name,
        chosen=chosen_products(catalog, address, request.user.pk).address,
        actor=request.user,
        profile=profile,
    )


@router.get("/catalogs/{slug:slug}/exports", response=list[ExportOut])
def exports_list(request: HttpRequest, slug: str) -> Any:
    """The saved exports of a catalogue."""
    catalog = selectors.catalog_for(request.user, slug)
    return [ExportOut.of(profile) for profile in profiles_of(catalog)]


@router.post("/catalogs/{slug:slug}/exports", response={201: ExportOut})
def exports_create(request: HttpRequest, slug: str, body: ExportIn) -> Any:
    """Keep an export, to be made by `GET /catalogs/{slug}/export?profile=ID`."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    return Status(int(HTTPStatus.CREATED), ExportOut.of(_keep(request, catalog, body)))


@router.put("/catalogs/{slug:slug}/exports/{int:pk}", response=ExportOut)
def exports_replace(request: HttpRequest, slug: str, pk: int, body: ExportIn) -> Any:
    """Have a saved export be another one."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    return ExportOut.of(_keep(request, catalog, body, _profile(catalog, pk)))


@router.delete("/catalogs/{slug:slug}/exports/{int:pk}", response={204: None})
def exports_delete(request: HttpRequest, slug: str, pk: int) -> Any:
    """Delete a saved export that no feed gives out."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    export_profile_delete(profile=_profile(catalog, pk), actor=request.user)
    return Status(int(HTTPStatus.NO_CONTENT), None)
