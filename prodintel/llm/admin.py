"""Calls and keys in the admin, to be looked at: by superusers, and never a key itself."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from prodintel.llm.models import Call, Credential


class _Shown(ModelAdmin):
    """For superusers' eyes; nothing is added, changed or deleted here."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


@admin.register(Call)
class CallAdmin(_Shown):
    list_display = [
        "started_at",
        "purpose",
        "scope",
        "user",
        "model",
        "outcome",
        "code",
        "tokens",
        "cost_usd",
        "latency_ms",
    ]
    list_filter = ["outcome", "code", "purpose", "model", "day"]
    list_select_related = ["user"]
    search_fields = ["scope", "error"]
    date_hierarchy = "day"


@admin.register(Credential)
class CredentialAdmin(_Shown):
    list_display = ["__str__", "created_by", "created_at", "removed_at"]
    fields = ["hint", "created_by", "created_at", "removed_at"]
    list_select_related = ["created_by"]
