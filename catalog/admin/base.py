from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst
from unfold.admin import ModelAdmin, TabularInline

from catalog import selectors
from catalog.models import Catalog, Membership
from catalog.views.http import first_message


def catalogs_where(user: Any, roles: frozenset) -> QuerySet[Catalog]:
    """The catalogues in which `user` has one of the roles; all of them for superusers."""
    catalogs = selectors.catalogs_for(user)
    if user.is_superuser:
        return catalogs
    mine = Catalog.objects.filter(memberships__user=user, memberships__role__in=roles)
    return catalogs.filter(pk__in=mine.values("pk"))


class SuperusersOnly:
    """For rows that say more than a member of some catalogues may know, or give power over people."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser) and super().has_view_permission(request, obj)  # type: ignore[misc]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return bool(request.user.is_superuser) and super().has_add_permission(request, *args)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser) and super().has_delete_permission(request, obj)  # type: ignore[misc]


class InCatalogs:
    """Shows the rows of the catalogues that the person is a member of; to superusers, all rows.

    `catalog_path` is the lookup from a row to its catalogue; `writers` are the roles that may
    change rows, on top of the permissions that Django asks for.
    """

    catalog_path = "catalog"
    writers = selectors.EDIT

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: QuerySet = super().get_queryset(request)  # type: ignore[misc]
        if request.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.catalog_path}__in": selectors.catalogs_for(request.user)})

    def formfield_for_foreignkey(self, field: Any, request: HttpRequest, **options: Any) -> Any:
        if field.related_model is Catalog:
            options["queryset"] = catalogs_where(request.user, self.writers)
        return super().formfield_for_foreignkey(field, request, **options)  # type: ignore[misc]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and self._may_write(request)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_write(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_write(request, obj)  # type: ignore[misc]

    def _may_write(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether the role allows changing `obj`, or anything at all."""
        if request.user.is_superuser:
            return True
        if obj is None:
            roles = Membership.objects.filter(user=request.user.pk, role__in=self.writers)
            return roles.exists()
        return self.writable(request, type(obj)._default_manager.filter(pk=obj.pk)).exists()  # noqa: SLF001 -- Django's public API

    def writable(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        """Those of the rows that the person's roles allow to change."""
        if request.user.is_superuser:
            return rows
        members = (
            f"{self.catalog_path}__memberships" if self.catalog_path != "pk" else "memberships"
        )
        where = {f"{members}__user": request.user, f"{members}__role__in": self.writers}
        mine = rows.model._default_manager.filter(**where)  # noqa: SLF001 -- Django's public API
        return rows.filter(pk__in=mine.values("pk"))

    def chosen(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        """The rows that an action may change; says how many it leaves out."""
        allowed = self.writable(request, rows)
        left_out = rows.count() - allowed.count()
        if left_out:
            messages.error(request, f"{left_out} left out. {selectors.READ_ONLY}")
        return allowed


class Refusable:
    """An admin whose saves and deletions a service may refuse: the refusal becomes a message."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        except ValidationError as error:
            return self._refused(request, error)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)  # type: ignore[misc]
        except ValidationError as error:
            return self._refused(request, error)

    def response_action(
        self, request: HttpRequest, *args: Any, **options: Any
    ) -> HttpResponse | None:
        try:
            # What an action did before it was refused is undone, its log entries too.
            with transaction.atomic():
                return super().response_action(request, *args, **options)  # type: ignore[misc]
        except ValidationError as error:
            return self._refused(request, error)

    @staticmethod
    def _refused(request: HttpRequest, error: ValidationError) -> HttpResponse:
        messages.error(request, first_message(error))
        return HttpResponseRedirect(request.get_full_path())


class ServiceAdmin(Refusable, InCatalogs, ModelAdmin):
    """Rows of catalogues, written by services."""

    list_filter_submit = True
    warn_unsaved_form = True


class RowsInline(TabularInline):
    """Rows of a table. The heads of its columns are no labels of controls, so each has its own."""

    hide_title = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None:
            label = capfirst(str(field.label or db_field.verbose_name))
            field.widget.attrs.setdefault("aria-label", label)
        return field


class Hidden:
    """Rows that deleting only hides: nothing else goes with them."""

    def get_deleted_objects(
        self, objs: Iterable[Model], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        rows = list(objs)
        meta = self.model._meta  # type: ignore[attr-defined]  # noqa: SLF001 -- public meta
        refused = {
            str(meta.verbose_name)
            for row in rows
            if not self.has_delete_permission(request, row)  # type: ignore[attr-defined]
        }
        return [str(row) for row in rows], {str(meta.verbose_name_plural): len(rows)}, refused, []


class ReadOnlyAdmin(InCatalogs, ModelAdmin):
    """Rows that are written by services alone: to look at."""

    class Media:
        css: ClassVar = {"all": ["css/admin.css"]}

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False
