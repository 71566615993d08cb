"""Panels of simulated shoppers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from catalog.admin.base import ServiceAdmin
from tools.models import Panel
from tools.personas import Persona
from tools.services.panels import panel_create, panel_delete, panel_update


@admin.register(Panel)
class PanelAdmin(ServiceAdmin):
    list_display = ["name", "catalog", "audience", "source", "updated_at"]
    list_filter = [("catalog", admin.RelatedOnlyFieldListFilter), "source"]
    list_select_related = ["catalog"]
    search_fields = ["name", "audience", "category"]
    fields = ["catalog", "name", "audience", "category", "seed", "personas", "source", "created_by"]
    readonly_fields = ["source", "created_by"]

    def get_readonly_fields(self, request: HttpRequest, obj: Panel | None = None) -> list[str]:
        """A panel stays in its catalogue."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "catalog"] if obj else list(fixed)

    def save_model(self, request: HttpRequest, obj: Panel, form: ModelForm, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        values: dict[str, Any] = {name: form.cleaned_data[name] for name in form.changed_data}
        if "personas" in values:
            values["personas"] = [Persona.model_validate(each) for each in values["personas"]]
        if change:
            panel_update(panel=obj, actor=request.user, **values)
        else:
            values.setdefault("personas", obj.people())
            obj.pk = panel_create(actor=request.user, **values).pk

    def delete_model(self, request: HttpRequest, obj: Panel) -> None:
        panel_delete(panel=obj, actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Panel]) -> None:
        for panel in self.chosen(request, queryset):
            panel_delete(panel=panel, actor=request.user)
