"""Competitor lists, to look at; they are brought, decided on and deleted on their pages."""

from __future__ import annotations

from django.contrib import admin

from catalog.admin.base import ReadOnlyAdmin
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow


@admin.register(CompetitorList)
class CompetitorListAdmin(ReadOnlyAdmin):
    list_display = ["name", "catalog", "source", "as_of", "row_count", "uploaded_by", "deleted_at"]
    list_select_related = ["catalog", "uploaded_by"]
    search_fields = ["name", "source"]


@admin.register(CompetitorRow)
class CompetitorRowAdmin(ReadOnlyAdmin):
    catalog_path = "list__catalog"
    list_display = ["__str__", "list", "number", "brand", "gtin", "price", "currency", "seller"]
    list_select_related = ["list"]
    search_fields = ["title", "gtin", "brand", "seller"]


@admin.register(CompetitorMatch)
class CompetitorMatchAdmin(ReadOnlyAdmin):
    catalog_path = "row__list__catalog"
    list_display = ["row", "product", "found", "score", "decision", "decided_by", "decided_at"]
    list_filter = ["found", "decision"]
    list_select_related = ["row", "product", "decided_by"]
