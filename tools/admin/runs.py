"""Runs of tools, to look at; they are begun, stopped and edited on their pages."""

from __future__ import annotations

from django.contrib import admin

from catalog.admin.base import ReadOnlyAdmin
from tools.models import ToolRun


@admin.register(ToolRun)
class ToolRunAdmin(ReadOnlyAdmin):
    list_display = [
        "__str__",
        "catalog",
        "product",
        "state",
        "writer",
        "model",
        "created_by",
        "created_at",
    ]
    list_filter = ["tool", "state", "writer"]
    list_select_related = ["catalog", "product", "created_by"]
    exclude = ["blocks"]
