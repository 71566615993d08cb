from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin

from catalog import selectors
from catalog.models import Catalog
from catalog.views.http import first_message


class InCatalogs:
    """Shows the rows of the catalogues that the person is a member of; to superusers, all rows.

    `catalog_path` is the lookup from a row to its catalogue.
    """

    catalog_path = "catalog"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: QuerySet = super().get_queryset(request)  # type: ignore[misc]
        if request.user.is_superuser or not self.catalog_path:
            return rows
        return rows.filter(**{f"{self.catalog_path}__in": selectors.catalogs_for(request.user)})

    def formfield_for_foreignkey(self, field: Any, request: HttpRequest, **options: Any) -> Any:
        if field.related_model is Catalog:
            options["queryset"] = selectors.catalogs_for(request.user)
        return super().formfield_for_foreignkey(field, request, **options)  # type: ignore[misc]


class ServiceAdmin(InCatalogs, ModelAdmin):
    """An admin whose saves may be refused by a service: the refusal becomes a message."""

    list_filter_submit = True
    warn_unsaved_form = True

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as error:
            self.message_user(request, first_message(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class ReadOnlyAdmin(InCatalogs, ModelAdmin):
    """Rows that are written by services alone: to look at."""

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False
