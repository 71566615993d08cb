"""Competitor lists over the API: brought, read, deleted; rows matched with products."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Literal

from django.http import HttpRequest
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from catalog import selectors as catalog_selectors
from catalog.api.schemas import Id, Strict
from catalog.money import money_text
from catalog.views.http import read_upload
from tools.competitors import selectors, services
from tools.competitors.tables import MAX_BYTES
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow

router = Router(tags=["competitors"])
MAX_LISTS, PAGE, MAX_PAGE = 200, 100, 500
DECIDE = catalog_selectors.MOVE


class ProblemOut(Schema):
    row: int
    field: str
    message: str
    left_out: bool


class CompetitorListOut(Schema):
    id: int
    catalog: str
    name: str
    source: str
    as_of: date
    currency: str = Field(description="What rows without a currency are in")
    assumed_currency: int = Field(description="How many rows have a price without a currency")
    passed_over: int = Field(
        description="How many older products were not looked through for suggestions: there are too many"
    )
    rows: int
    uploaded_by: str | None
    uploaded_at: datetime
    problems: list[ProblemOut]

    @classmethod
    def of(cls, row: CompetitorList) -> CompetitorListOut:
        return cls(
            id=row.pk,
            catalog=row.catalog.slug,
            name=row.name,
            source=row.source,
            as_of=row.as_of,
            currency=row.currency,
            assumed_currency=row.assumed_currency,
            passed_over=row.passed_over,
            rows=row.row_count,
            uploaded_by=row.uploaded_by.get_username() if row.uploaded_by else None,
            uploaded_at=row.uploaded_at,
            problems=[ProblemOut(**problem) for problem in row.problems],
        )


class MatchOut(Schema):
    id: int
    product: int
    found: str = Field(description="gtin, similar or person")
    score: float | None
    standing: str = Field(description="confirmed, suggested or rejected")
    decided_by: str | None
    decided_at: datetime | None

    @classmethod
    def of(cls, row: CompetitorMatch) -> MatchOut:
        return cls(
            id=row.pk,
            product=row.product_id,
            found=row.found,
            score=row.score,
            standing=row.standing,
            decided_by=row.decided_by.get_username() if row.decided_by else None,
            decided_at=row.decided_at,
        )


class CompetitorRowOut(Schema):
    id: int
    number: int
    title: str
    brand: str
    gtin: str
    price: str | None
    currency: str
    seller: str
    seen_on: date | None
    url: str
    attributes: dict[str, str]
    claims: str
    matches: list[MatchOut]

    @classmethod
    def of(cls, row: CompetitorRow) -> CompetitorRowOut:
        return cls(
            id=row.pk,
            number=row.number,
            title=row.title,
            brand=row.brand,
            gtin=row.gtin,
            price=money_text(row.price),
            currency=row.currency,
            seller=row.seller,
            seen_on=row.seen_on,
            url=row.url,
            attributes=row.attributes,
            claims=row.claims,
            matches=[MatchOut.of(match) for match in row.matches.all()],
        )


class CompetitorListPage(CompetitorListOut):
    page: list[CompetitorRowOut]
    next_after: int | None = Field(description="`after` of the next page; null at the end")


class MatchIn(Strict):
    product: Id
    decision: Literal["confirm", "reject", "undo"] = "confirm"


@router.get("/catalogs/{slug:slug}/competitors", response=list[CompetitorListOut])
def competitors_list(request: HttpRequest, slug: str) -> Any:
    """The catalogue's competitor lists, the newest first."""
    catalog = catalog_selectors.catalog_for(request.user, slug)
    rows = selectors.lists_in(catalog).select_related("catalog", "uploaded_by")
    return [CompetitorListOut.of(row) for row in rows[:MAX_LISTS]]


@router.post("/catalogs/{slug:slug}/competitors", response={201: CompetitorListOut})
def competitors_create(
    request: HttpRequest,
    slug: str,
    file: File[UploadedFile],
    name: Form[str],
    source: Form[str],
    as_of: Form[date],
) -> Any:
    """Bring a CSV or TSV file of offers. What is wrong with single rows is in `problems`."""
    catalog = catalog_selectors.catalog_for(request.user, slug, catalog_selectors.EDIT)
    brought = services.competitors_import(
        catalog=catalog,
        actor=request.user,
        name=name,
        source=source,
        as_of=as_of,
        data=read_upload(file, MAX_BYTES),
    )
    return Status(int(HTTPStatus.CREATED), CompetitorListOut.of(brought.list))


@router.get("/competitors/{int:pk}", response=CompetitorListPage)
def competitors_get(request: HttpRequest, pk: int, after: int = 0, limit: int = PAGE) -> Any:
    """A list with its rows, those after the row numbered `after`, and what they match."""
    found = selectors.list_for(request.user, pk)
    size = max(1, min(limit, MAX_PAGE))
    rows = selectors.rows_of(found).filter(number__gt=max(0, min(after, 2**31 - 1)))
    page = list(selectors.rows_with_matches(rows)[: size + 1])
    return CompetitorListPage(
        **CompetitorListOut.of(found).model_dump(),
        page=[CompetitorRowOut.of(row) for row in page[:size]],
        next_after=page[size - 1].number if len(page) > size else None,
    )


@router.delete("/competitors/{int:pk}", response={204: None})
def competitors_delete(request: HttpRequest, pk: int) -> Any:
    """Delete a list. It can be brought back for 30 days."""
    found = selectors.list_for(request.user, pk, catalog_selectors.EDIT)
    services.competitor_list_delete(competitor_list=found, actor=request.user)
    return Status(int(HTTPStatus.NO_CONTENT), None)


@router.post("/competitors/{int:pk}/restore", response=CompetitorListOut)
def competitors_restore(request: HttpRequest, pk: int) -> Any:
    """Bring a deleted list back; one that is there stays as it is."""
    found = selectors.list_for(request.user, pk, catalog_selectors.EDIT, deleted=True)
    services.competitor_list_restore(competitor_list=found, actor=request.user)
    return CompetitorListOut.of(found)


@router.post("/competitors/rows/{int:pk}/match", response=CompetitorRowOut)
def competitors_match(request: HttpRequest, pk: int, body: MatchIn) -> Any:
    """Say that a row is a product, or is not, or take that back."""
    row = selectors.row_for(request.user, pk, DECIDE)
    product = catalog_selectors.product_for(request.user, body.product)
    if body.decision == "undo":
        match = row.matches.filter(product=product).select_related("row__list").first()
        match = match or CompetitorMatch(row=row, product=product)
        services.match_undo(match=match, actor=request.user)
    else:
        decide = {"confirm": services.match_confirm, "reject": services.match_reject}
        decide[body.decision](row=row, product=product, actor=request.user)
    rows = CompetitorRow.objects.filter(pk=row.pk)
    return CompetitorRowOut.of(selectors.rows_with_matches(rows).get())
