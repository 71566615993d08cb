"""Acts on cells of the grid, to look at, and which columns people see."""

from __future__ import annotations

from django.contrib import admin

from catalog.admin.base import ReadOnlyAdmin, SuperusersOnly
from catalog.models import GridChange, GridColumns, GridEdit


@admin.register(GridEdit)
class GridEditAdmin(ReadOnlyAdmin):
    """They are done and undone on their pages."""

    list_display = ["label", "catalog", "created_by", "created_at", "applied_at", "undone_at"]
    list_select_related = ["catalog", "created_by"]
    show_full_result_count = False


@admin.register(GridChange)
class GridChangeAdmin(ReadOnlyAdmin):
    catalog_path = "edit__catalog"
    list_display = ["edit", "product", "approved"]
    list_select_related = ["edit", "product"]
    show_full_result_count = False


@admin.register(GridColumns)
class GridColumnsAdmin(SuperusersOnly, ReadOnlyAdmin):
    """A person's own, chosen on the grid."""

    list_display = ["catalog", "user"]
    list_select_related = ["catalog", "user"]
