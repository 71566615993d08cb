"""Every read of competitor lists. A stranger gets Http404, a wrong role PermissionDenied."""

from __future__ import annotations

from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404

from catalog import selectors
from catalog.models import Catalog, Variant
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow, Found, MatchDecision

OPEN, MATCHED, UNMATCHED = "open", "matched", "unmatched"
_COUNTS = Q(found=Found.GTIN, decision="") | Q(decision=MatchDecision.CONFIRMED)


def lists_in(catalog: Catalog) -> QuerySet[CompetitorList]:
    """The catalogue's lists that are not deleted, the newest first."""
    return CompetitorList.objects.alive().filter(catalog=catalog).select_related("uploaded_by")


def counted(lists: QuerySet[CompetitorList]) -> QuerySet[CompetitorList]:
    """With `open_count` rows that somebody should decide on and `matched_count` matched ones."""
    matches = (
        CompetitorMatch.objects.filter(row__list=OuterRef("pk")).order_by().values("row__list")
    )
    return lists.annotate(
        open_count=_rows_of(matches.filter(found=Found.SIMILAR, decision="")),
        matched_count=_rows_of(matches.filter(_COUNTS)),
    )


def _rows_of(matches: QuerySet) -> Coalesce:
    counts = matches.annotate(count=Count("row", distinct=True)).values("count")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


def list_for(
    user: object, pk: int, roles: frozenset = selectors.VIEW, *, deleted: bool = False
) -> CompetitorList:
    """A list by id; `deleted` also finds one that can be brought back."""
    lists = CompetitorList.objects.filter(pk=pk, catalog__deleted_at__isnull=True)
    if not deleted:
        lists = lists.filter(deleted_at__isnull=True)
    found = lists.select_related("catalog", "uploaded_by").first()
    if found is None:
        raise Http404
    selectors.catalog_for(user, found.catalog.slug, roles)
    return found


def row_for(user: object, pk: int, roles: frozenset = selectors.VIEW) -> CompetitorRow:
    """A row by id, of a list that is not deleted."""
    rows = CompetitorRow.objects.filter(pk=pk, list__deleted_at__isnull=True)
    row = rows.select_related("list__catalog").first()
    if row is None:
        raise Http404
    selectors.catalog_for(user, row.list.catalog.slug, roles)
    return row


def rows_with_matches(rows: QuerySet[CompetitorRow]) -> QuerySet[CompetitorRow]:
    """Rows with their matches of living products, in a fixed number of queries."""
    matches = (
        CompetitorMatch.objects.filter(product__deleted_at__isnull=True)
        .select_related("product__catalog", "decided_by")
        .prefetch_related(Prefetch("product__variants", Variant.objects.alive()))
    )
    return rows.prefetch_related(Prefetch("matches", matches))


def rows_of(competitor_list: CompetitorList, only: str = "") -> QuerySet[CompetitorRow]:
    """A list's rows: all, those with an open suggestion, the matched, or the unmatched."""
    rows = CompetitorRow.objects.filter(list=competitor_list).select_related("list__catalog")
    living = CompetitorMatch.objects.filter(row=OuterRef("pk"), product__deleted_at__isnull=True)
    counts, suggested = Exists(living.filter(_COUNTS)), Exists(living.suggested())
    if only == OPEN:
        return rows.filter(suggested).exclude(counts)
    if only == MATCHED:
        return rows.filter(counts)
    if only == UNMATCHED:
        return rows.exclude(counts).exclude(suggested)
    return rows
