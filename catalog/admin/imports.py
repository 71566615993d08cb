"""Imports and what was uploaded for them, to look at; they are begun, stopped and undone on their pages."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from catalog.admin.base import ReadOnlyAdmin, SuperusersOnly
from catalog.models import (
    ColumnMapping,
    ForeignCells,
    Import,
    ImportClaim,
    ImportItem,
    ImportPhoto,
    ImportProblem,
    Upload,
    UploadPart,
)


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    list_display = ["name", "catalog", "format", "state", "created_by", "created_at", "page"]
    list_filter = ["state", "format", ("catalog", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "created_by__username"]
    list_select_related = ["catalog", "created_by"]
    show_full_result_count = False

    @admin.display(description="Its page")
    def page(self, row: Import) -> str:
        address = reverse("catalog:import", args=[row.catalog.slug, row.pk])
        return format_html('<a href="{}">Preview, progress, undo</a>', address)


class PartOfImport(ReadOnlyAdmin):
    """Rows of an import: there may be as many as a file has lines."""

    catalog_path = "source__catalog"
    list_select_related = ["source"]
    list_per_page = 50
    show_full_result_count = False


@admin.register(ImportItem)
class ImportItemAdmin(PartOfImport):
    list_display = ["key", "source", "number", "state", "product"]
    list_filter = ["state"]
    search_fields = ["key", "source__name"]
    list_select_related = ["source", "product"]


@admin.register(ImportProblem)
class ImportProblemAdmin(PartOfImport):
    list_display = ["row", "field", "message", "severity", "source"]
    list_filter = ["severity"]
    search_fields = ["message", "field", "source__name"]


@admin.register(ImportClaim)
class ImportClaimAdmin(PartOfImport):
    list_display = ["name", "item", "source"]
    search_fields = ["name"]
    list_select_related = ["source", "item"]


@admin.register(ImportPhoto)
class ImportPhotoAdmin(PartOfImport):
    catalog_path = "origin__catalog"
    list_display = ["source", "item", "state", "attempts", "error", "origin"]
    list_filter = ["state"]
    search_fields = ["source", "error"]
    list_select_related = ["origin", "item"]


@admin.register(ColumnMapping)
class ColumnMappingAdmin(ReadOnlyAdmin):
    list_display = ["headers", "catalog", "updated_at"]
    list_select_related = ["catalog"]


@admin.register(ForeignCells)
class ForeignCellsAdmin(ReadOnlyAdmin):
    catalog_path = "product__catalog"
    list_display = ["product", "variant", "format"]
    list_filter = ["format"]
    search_fields = ["product__title", "product__handle"]
    list_select_related = ["product", "variant"]
    show_full_result_count = False


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ["name", "catalog", "size", "offset", "created_by", "created_at", "expires_at"]
    search_fields = ["name", "created_by__username"]
    list_select_related = ["catalog", "created_by"]


@admin.register(UploadPart)
class UploadPartAdmin(SuperusersOnly, ReadOnlyAdmin):
    """Where the bytes lie: for who runs the site."""

    list_display = ["upload", "offset", "size", "file"]
    list_select_related = ["upload"]
