"""Saved exports: put together on their page, renamed and deleted here, too."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.admin.base import Hidden, ServiceAdmin
from catalog.exporting.profiles import (
    CHOSEN,
    export_profile_delete,
    export_profile_save,
    profile_export,
)
from catalog.models import ExportProfile


@admin.register(ExportProfile)
class ExportProfileAdmin(Hidden, ServiceAdmin):
    """What a saved export exports is decided on the export page, which shows what that means."""

    list_display = ["name", "catalog", "format", "created_by", "updated_at"]
    list_filter = ["format"]
    list_select_related = ["catalog", "created_by"]
    search_fields = ["name"]
    fields = ["catalog", "name", "format", "columns", "options", "created_by", "created_at"]
    readonly_fields = ["catalog", "format", "columns", "options", "created_by", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def save_model(self, request: HttpRequest, obj: ExportProfile, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        del form, change
        export_profile_save(
            export=profile_export(obj),
            name=obj.name,
            chosen=obj.options.get(CHOSEN, ()),
            actor=request.user,
            profile=obj,
        )

    def delete_model(self, request: HttpRequest, obj: ExportProfile) -> None:
        export_profile_delete(profile=obj, actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for profile in queryset.select_related("catalog"):
            export_profile_delete(profile=profile, actor=request.user)
