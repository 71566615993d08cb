"""Products found in the admin by what is said of them: an attribute, its value, who says it, how sure."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from catalog import selectors
from catalog.models import (
    AttributeDefinition,
    CurrentAttribute,
    CurrentTerm,
    LedgerEntry,
    Source,
)

# The commonest values of an attribute; rarer ones are found by the search of the pages.
OFFERED = 40
BANDS = {
    "low": ("Unsure, below 50 %", Q(confidence__lt=0.5)),
    "middle": ("50 to 80 %", Q(confidence__gte=0.5, confidence__lt=0.8)),
    "high": ("80 % and more", Q(confidence__gte=0.8)),
}


class AttributeFilter(admin.SimpleListFilter):
    """First the attribute; then its values are offered, see `ValueFilter`."""

    title = "attribute"
    parameter_name = "attribute"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [(row.key, row.label()) for row in AttributeDefinition.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        del request
        return queryset.filter(_said(field=self.value())) if self.value() else queryset


def _said(*conditions: Q, **fields: Any) -> Exists:
    """That something of this counts in a product."""
    return Exists(CurrentAttribute.objects.filter(*conditions, product=OuterRef("pk"), **fields))


def _of_attribute(request: HttpRequest) -> dict[str, str]:
    """The attribute that is asked for, for filters that narrow it further."""
    key = request.GET.get(AttributeFilter.parameter_name, "")
    return {"field": key} if key else {}


class ValueFilter(admin.SimpleListFilter):
    """The values of the attribute that is chosen beside it, the commonest first."""

    title = "value"
    parameter_name = "value"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del model_admin
        chosen = _of_attribute(request)
        if not chosen:
            return []
        rows = CurrentTerm.objects.filter(**chosen)
        if not request.user.is_superuser:
            rows = rows.filter(catalog__in=selectors.catalogs_for(request.user))
        counted = rows.order_by().values_list("value").annotate(n=Count("pk"))
        return [
            (value, f"{value} ({count})")
            for value, count in counted.order_by("-n", "value")[:OFFERED]
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = _of_attribute(request)
        if not (chosen and self.value()):
            return queryset
        rows = CurrentTerm.objects.filter(product=OuterRef("pk"), value=self.value(), **chosen)
        return queryset.filter(Exists(rows))


class SourceFilter(admin.SimpleListFilter):
    """Products of which this source says something that counts."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [(source.value, str(source.label)) for source in Source]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.filter(_said(source=self.value(), **_of_attribute(request)))


class ConfidenceFilter(admin.SimpleListFilter):
    """Products with a value that nobody confirmed, and of which machines are so sure."""

    title = "confidence"
    parameter_name = "confidence"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [(band, label) for band, (label, _) in BANDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in BANDS:
            return queryset
        _, condition = BANDS[str(self.value())]
        return queryset.filter(_said(condition, locked=False, **_of_attribute(request)))


class SuggestionsFilter(admin.SimpleListFilter):
    """Products of which a machine's word awaits a person."""

    title = "suggestions"
    parameter_name = "suggestions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [("yes", "Has suggestions"), ("no", "Has none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in {"yes", "no"}:
            return queryset
        open_to = LedgerEntry.objects.filter(
            product=OuterRef("pk"), awaits_review=True, **_of_attribute(request)
        )
        return queryset.filter(Exists(open_to) if self.value() == "yes" else ~Exists(open_to))


FILTERS = [AttributeFilter, ValueFilter, SourceFilter, ConfidenceFilter, SuggestionsFilter]
