"""Acts on many cells for scripts: planned first, then applied, and undone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from django.http import Http404, HttpRequest, QueryDict
from ninja import Router, Schema, Status
from pydantic import Field

from catalog import selectors
from catalog.api.jobs import JobOut, accepted
from catalog.api.schemas import Id, Strict
from catalog.grid.edits import grid_apply, grid_plan, grid_undo
from catalog.grid.operations import MOST_CELLS, MOST_COLUMNS, MOST_TEXT, Act, CellText, Operation
from catalog.grid.sheet import Sheet
from catalog.models import GridEdit
from catalog.views.choosing import chosen_products
from catalog.views.grid_edits import SHOWN, operation_label

router = Router(tags=["grid"])
MOST_ROWS = 500


class ColumnOut(Schema):
    """A column of the grid."""

    key: str
    label: str
    kind: str
    unit: str
    editable: bool


class CellIn(Strict):
    """A text for one cell. `row` is a product's id, or "PRODUCT-VARIANT" for one of several variants."""

    row: str = Field(max_length=40)
    column: str = Field(max_length=100)
    text: str = Field(max_length=MOST_TEXT)


class PlanIn(Strict):
    """`cells` with a text for each; or `set`, `clear` or `replace` in `columns` of `rows`, or of all
    products that a `query` names: the product list's parameters ("status=draft&missing=material"),
    or a search's after "from=search". An empty query names all products.
    """

    act: Act
    cells: list[CellIn] = Field(default=[], max_length=MOST_CELLS)
    columns: list[str] = Field(default=[], max_length=MOST_COLUMNS)
    rows: list[str] = Field(default=[], max_length=MOST_ROWS)
    query: str | None = Field(None, max_length=4000)
    text: str = Field("", max_length=MOST_TEXT, description="The new value")
    find: str = Field("", max_length=MOST_TEXT)
    match_case: bool = False
    whole_cell: bool = False

    def operation(self) -> Operation:
        cells = tuple(CellText(each.row, each.column, each.text) for each in self.cells)
        return Operation(
            self.act,
            columns=tuple(self.columns),
            rows=() if self.query is not None else tuple(self.rows),
            text=self.text,
            find=self.find,
            match_case=self.match_case,
            whole_cell=self.whole_cell,
            cells=cells,
        )


class ChangeOut(Schema):
    product: int
    variant: int | None
    column: str
    before: str
    after: str
    locked: bool = Field(description="It is a person's own word already")
    outcome: str = Field(
        description='Once applied: "done", "left", "undone", or why it was refused'
    )


class RefusalOut(Schema):
    product: int
    variant: int | None
    column: str
    text: str
    message: str


class PlanOut(Schema):
    """What an act would change, with the first 50 changes and refusals."""

    id: int
    label: str
    state: Literal["planning", "planned", "applied", "undone"]
    cells: int
    products: int
    refused: int
    locked: int
    approved: int = Field(description="Products that are approved: they change since")
    changes: list[ChangeOut]
    refusals: list[RefusalOut]
    job: JobOut | None = Field(None, description="What still plans, applies or undoes it")

    @classmethod
    def of(cls, edit: GridEdit) -> PlanOut:
        counts = edit.counts or {}
        changes = edit.changes.all()
        return cls(
            id=edit.pk,
            label=edit.label,
            state=_state(edit),
            **{
                name: counts.get(name, 0)
                for name in ("cells", "products", "refused", "locked", "approved")
            },
            changes=[
                ChangeOut(
                    product=change.product_id,
                    outcome=change.outcomes[place] if change.outcomes else "",
                    **cell,
                )
                for change in changes.exclude(cells=[])[:SHOWN]
                for place, cell in enumerate(change.cells)
            ][:SHOWN],
            refusals=[
                RefusalOut(product=change.product_id, **cell)
                for change in changes.exclude(refused=[])[:SHOWN]
                for cell in change.refused
            ][:SHOWN],
            job=JobOut.of(edit.job) if edit.job else None,
        )


class DoneOut(Schema):
    """What was done at once."""

    changed: int = Field(description="Cells")
    products: int
    left: int = Field(description="Cells that somebody changed meanwhile: they stay as they are")
    refused: int


def _state(edit: GridEdit) -> Literal["planning", "planned", "applied", "undone"]:
    if edit.undone_at is not None:
        return "undone"
    if edit.applied_at is not None:
        return "applied"
    return "planned" if edit.planned_at is not None else "planning"


def _edit(request: HttpRequest, pk: int) -> GridEdit:
    """Raises Http404 to strangers, PermissionDenied to who may not edit."""
    edits = GridEdit.objects.select_related("catalog", "job", "job__created_by")
    edit = edits.filter(pk=pk).first()
    if edit is None:
        raise Http404
    selectors.catalog_for(request.user, edit.catalog.slug, selectors.EDIT)
    return edit


@router.get("/catalogs/{slug:slug}/grid/columns", response=list[ColumnOut])
def grid_columns(request: HttpRequest, slug: str) -> Any:
    """The columns of the grid: fields of products and variants, the category, every attribute; those
    that are text also in other languages, as `attribute.KEY@LANGUAGE`.
    """
    catalog = selectors.catalog_for(request.user, slug)
    return list(Sheet(catalog).columns.values())


@router.post("/catalogs/{slug:slug}/grid/plans", response={201: PlanOut})
def grid_plan_create(request: HttpRequest, slug: str, body: PlanIn) -> Any:
    """Find out what an act would change. Nothing is changed. More than 500 products are looked at by
    a job: ask for the plan again until its state is "planned".
    """
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    operation, ids = body.operation(), None
    if body.query is not None and body.act != Act.CELLS:
        products = chosen_products(catalog, QueryDict(body.query), request.user.pk).products
        ids = list(products.order_by().values_list("pk", flat=True))
    sheet = Sheet(catalog)
    label = f"Change {len(body.cells)} cells"
    planned = grid_plan(
        catalog=catalog,
        operation=operation,
        actor=request.user,
        label=operation_label(sheet, operation) if body.act != Act.CELLS else label,
        product_ids=ids,
    )
    return Status(int(HTTPStatus.CREATED), PlanOut.of(_edit(request, planned.edit.pk)))


@router.get("/grid/plans/{int:pk}", response=PlanOut)
def grid_plan_get(request: HttpRequest, pk: Id) -> Any:
    """What an act would change, or did."""
    return PlanOut.of(_edit(request, pk))


@router.post("/grid/plans/{int:pk}/apply", response={200: DoneOut, 202: JobOut})
def grid_plan_apply(request: HttpRequest, pk: Id) -> Any:
    """Do what was planned, as a person. Cells that changed since the plan was made are left alone and
    counted. More than 500 products are changed by a job: 202.
    """
    started = grid_apply(edit=_edit(request, pk), actor=request.user)
    return accepted(started.job) if started.job else Status(200, DoneOut(**started.result))


@router.post("/grid/plans/{int:pk}/undo", response={200: DoneOut, 202: JobOut})
def grid_plan_undo(request: HttpRequest, pk: Id) -> Any:
    """Take back what an act did. Cells that somebody changed since stay as they are and are counted."""
    started = grid_undo(edit=_edit(request, pk), actor=request.user)
    return accepted(started.job) if started.job else Status(200, DoneOut(**started.result))
