"""Files brought to a catalogue: looked at, imported, stopped, undone, and what is wrong with them.

A file of up to 64 MB comes with the call. A larger one is brought first by the tus protocol 1.0.0
(https://tus.io) to `/c/{slug}/uploads/`, which continues where it was cut off; its id, the last part
of its address, is then given as `file_upload` or `photos_upload`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from catalog import selectors
from catalog.api.schemas import Strict
from catalog.importing import services
from catalog.importing.bringing import Brought, brought_of
from catalog.importing.options import Options
from catalog.importing.progress import progress_of
from catalog.importing.report import report_rows
from catalog.importing.selectors import import_for, imports_in
from catalog.models import Import, ImportProblem, ItemState
from catalog.views.activity import forget_activity
from catalog.views.imports import present
from catalog.views.imports.csv import CSV_TYPE, csv_lines
from prodintel.lib.streams import streamed

router = Router(tags=["imports"])
MAX_ERRORS = 500
LISTED = 100


class ImportProblemOut(Schema):
    row: int = Field(description="The line of the file, from 1; 0 is all of it")
    field: str = Field(description="The header of the column, as the file has it")
    message: str


class ImportPhotosOut(Schema):
    total: int
    waiting: int
    done: int
    there: int = Field(description="Stood there already")
    failed: int
    skipped: int


class ImportOut(Schema):
    """An import, and how far it is. Counts are of products."""

    id: int
    catalog: str
    name: str
    format: str = Field(description="csv, shopify, woocommerce, google ...; empty: photos alone")
    state: str = Field(
        description="mapping, reading, ready, running, done, stopped, failed, undoing or undone"
    )
    rows: int = Field(description="Lines of the file that were read")
    to_create: int
    to_update: int
    created: int
    updated: int
    unchanged: int
    skipped: int
    refused: int
    errors: list[ImportProblemOut] = Field(description=f"The first {MAX_ERRORS}; see report")
    error_count: int
    warnings: list[ImportProblemOut] = Field(description=f"The first {MAX_ERRORS}")
    photos: ImportPhotosOut
    phase: str = Field(
        description="What goes on now: reading, planning, products, photos, statuses or undoing; "
        "else empty"
    )
    done: int = Field(description="How far the phase is, of total")
    total: int = Field(description="0 where that is not known")
    seconds_left: float | None = Field(description="Until the phase ends")
    error: str = Field(description="Why it could not be read")
    mapping: dict[str, str] = Field(description="Header: what it is taken for")
    options: dict[str, Any]
    batch: int | None = Field(description="What it said of attributes")
    created_by: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, source: Import) -> ImportOut:
        counts, photos = present.plan(source), present.photo_counts(source)
        progress = progress_of(source)
        errors = ImportProblem.objects.filter(source=source, severity="error")
        warnings = ImportProblem.objects.filter(source=source).exclude(severity="error")
        return cls(
            id=source.pk,
            catalog=source.catalog.slug,
            name=source.name,
            format=source.format,
            state=source.state,
            rows=source.counts.get("rows", 0),
            to_create=counts[ItemState.CREATE],
            to_update=counts[ItemState.UPDATE],
            created=counts[ItemState.CREATED],
            updated=counts[ItemState.UPDATED],
            unchanged=counts[ItemState.UNCHANGED],
            skipped=counts[ItemState.SKIPPED],
            refused=counts[ItemState.REFUSED],
            errors=_problems(errors),
            error_count=errors.count(),
            warnings=_problems(warnings),
            photos=ImportPhotosOut(**photos),
            phase=progress.phase if progress else "",
            done=progress.done if progress else 0,
            total=progress.total if progress else 0,
            seconds_left=progress.eta_seconds if progress else None,
            error=source.error,
            mapping=source.mapping,
            options=source.options,
            batch=source.batch_id,
            created_by=source.created_by.get_username() if source.created_by else None,
            created_at=source.created_at,
            started_at=source.started_at,
            finished_at=source.finished_at,
        )


def _problems(rows: Any) -> list[ImportProblemOut]:
    first = rows.order_by("row", "pk").values("row", "field", "message")[:MAX_ERRORS]
    return [ImportProblemOut(**row) for row in first]


class ImportRowOut(Schema):
    """An import in the list."""

    id: int
    name: str
    format: str
    state: str
    created_by: str | None
    created_at: datetime

    @classmethod
    def of(cls, source: Import) -> ImportRowOut:
        return cls(
            id=source.pk,
            name=source.name,
            format=source.format,
            state=source.state,
            created_by=source.created_by.get_username() if source.created_by else None,
            created_at=source.created_at,
        )


class ImportIn(Schema):
    """What goes with a file, as fields of the form."""

    file_upload: UUID | None = Field(None, description="A file brought by tus, instead of file")
    photos_upload: UUID | None = None
    preview: bool = Field(default=False, description="Read it, and wait for /start")
    mode: Literal["both", "create", "update"] = "both"
    match_by: Literal["sku", "gtin", "handle"] = "sku"
    blanks: Literal["keep", "clear"] = Field("keep", description="What an empty cell does")
    over_people: bool = Field(default=False, description="Also over what people wrote")
    status: Literal["draft", "in_review", "approved", "archived"] = Field(
        "draft", description="Of new products, unless file_status is true"
    )
    file_status: bool = Field(
        default=False, description="Take the status from the file, also of known products"
    )
    refetch: bool = Field(default=False, description="Fetch photos again that are there already")
    product_pages: str = Field(
        default="",
        max_length=500,
        description="Where product pages are, for products of which the file does not tell it: "
        "https://shop.example/products/{handle}",
    )

    def options(self) -> Options:
        return Options.of(
            self.model_dump(include={*Options.__dataclass_fields__})  # the names are the same
        )


class ImportColumnsIn(Strict):
    mapping: dict[str, str] = Field(
        default_factory=dict, description="Header: target, such as product.title; others stay"
    )
    options: dict[str, Any] = Field(default_factory=dict, description="As of the upload")
    start: bool = Field(default=False, description="Import it as soon as it is read")


@router.post("/catalogs/{slug:slug}/imports", response={202: ImportOut})
def import_create(
    request: HttpRequest,
    slug: str,
    form: Form[ImportIn],
    file: File[UploadedFile | None] = None,
    photos: File[UploadedFile | None] = None,
) -> Any:
    """Import a table (CSV, TSV, XLSX, XML, JSON Lines), a zip of photos, or both.

    `file` takes either; `photos` is the zip that goes with a table. It is read, and then imported by
    itself, unless `preview` is true. Columns are recognised or taken as they were last time.
    """
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    options = form.options()
    brought: Brought = brought_of(
        catalog=catalog,
        actor=request.user,
        files=[each for each in (file, photos) if each is not None],
        uploads=[each for each in (form.file_upload, form.photos_upload) if each is not None],
    )
    source = services.import_create(
        catalog=catalog,
        actor=request.user,
        name=brought.name,
        table=brought.table,
        photos=brought.photos,
    )
    services.import_map(source=source, mapping={}, options=options.as_json(), actor=request.user)
    services.import_preview(source=source, actor=request.user, start=not form.preview)
    return Status(202, _changed(request, source))


@router.get("/catalogs/{slug:slug}/imports", response=list[ImportRowOut])
def imports_list(request: HttpRequest, slug: str) -> Any:
    """The newest 100 imports of a catalogue, the newest first."""
    catalog = selectors.catalog_for(request.user, slug)
    return [ImportRowOut.of(each) for each in imports_in(catalog)[:LISTED]]


@router.get("/imports/{int:pk}", response=ImportOut)
def import_get(request: HttpRequest, pk: int) -> Any:
    """An import, how far it is, and what is wrong with its file."""
    return ImportOut.of(import_for(request.user, pk))


@router.post("/imports/{int:pk}/columns", response={202: ImportOut})
def import_columns(request: HttpRequest, pk: int, body: ImportColumnsIn) -> Any:
    """Say what columns are, or how to import, and have the file read anew."""
    source = import_for(request.user, pk, selectors.EDIT)
    services.import_map(
        source=source, mapping=body.mapping, options=body.options, actor=request.user
    )
    services.import_preview(source=source, actor=request.user, start=body.start)
    return Status(202, _changed(request, source))


@router.post("/imports/{int:pk}/start", response={202: ImportOut})
def import_start(request: HttpRequest, pk: int) -> Any:
    """Import what was previewed, or go on with what was stopped."""
    source = import_for(request.user, pk, selectors.EDIT)
    services.import_start(source=source, actor=request.user)
    return Status(202, _changed(request, source))


@router.post("/imports/{int:pk}/stop", response=ImportOut)
def import_stop(request: HttpRequest, pk: int) -> Any:
    """End it where it is. What was written stays, and can be undone."""
    source = import_for(request.user, pk, selectors.EDIT)
    services.import_stop(source=source, actor=request.user)
    return _changed(request, source)


@router.post("/imports/{int:pk}/undo", response={202: ImportOut})
def import_undo(request: HttpRequest, pk: int) -> Any:
    """Undo all that it wrote, but for what people changed since."""
    source = import_for(request.user, pk, selectors.EDIT)
    services.import_undo(source=source, actor=request.user)
    return Status(202, _changed(request, source))


@router.post("/imports/{int:pk}/retry-photos", response={202: ImportOut})
def import_retry_photos(request: HttpRequest, pk: int) -> Any:
    """Try the photos again that failed."""
    source = import_for(request.user, pk, selectors.EDIT)
    services.import_retry_photos(source=source, actor=request.user)
    return Status(202, _changed(request, source))


@router.delete("/imports/{int:pk}", response={204: None})
def import_delete(request: HttpRequest, pk: int) -> Any:
    """Forget an import of which nothing is written."""
    source = import_for(request.user, pk, selectors.EDIT)
    services.import_delete(source=source, actor=request.user)
    return Status(204, None)


@router.get("/imports/{int:pk}/report", response={200: str})
def import_report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The lines that were refused or warned of as CSV, with a column that says why: mend them, and
    import that file.
    """
    source = import_for(request.user, pk)
    lines = csv_lines(report_rows(source))
    response = StreamingHttpResponse(streamed(request, lines), content_type=CSV_TYPE)
    response["Content-Disposition"] = f'attachment; filename="import-{source.pk}-report.csv"'
    return response


def _changed(request: HttpRequest, source: Import) -> ImportOut:
    forget_activity(source.catalog)
    return ImportOut.of(import_for(request.user, source.pk))
