"""People, catalogues, tokens, and who did what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from catalog import selectors
from catalog.admin.base import (
    Hidden,
    ReadOnlyAdmin,
    Refusable,
    RowsInline,
    ServiceAdmin,
    SuperusersOnly,
)
from catalog.models import ApiToken, AuditEvent, Catalog, Membership, Role
from catalog.services import catalogs as services
from catalog.views.http import first_message

admin.site.unregister(User)
admin.site.unregister(Group)


class MembershipForm(forms.ModelForm):
    """Who is a member of what stays; the role may change."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in {"user", "catalog"} & set(self.fields):
                self.fields[name].disabled = True


class UserMembershipInline(RowsInline):
    model = Membership
    form = MembershipForm
    extra = 0
    verbose_name_plural = "catalogues"
    autocomplete_fields = ["catalog"]


@admin.register(User)
class UserAdmin(SuperusersOnly, Refusable, DjangoUserAdmin, ModelAdmin):
    """Superusers only: whoever sets a password may act as that person."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Others who have Django's permission may find people by name, to make them members."""
        if super().has_view_permission(request, obj):
            return True
        finding = request.path == reverse("admin:autocomplete")
        return finding and request.user.has_perm("auth.view_user")

    def get_inlines(self, request: HttpRequest, obj: Any) -> list:
        del request
        return [UserMembershipInline] if obj else []

    def get_deleted_objects(
        self, objs: Iterable[User], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Nobody goes who is, alone or with the others that were chosen, a catalogue's owner."""
        users = list(objs)
        owned = Catalog.objects.filter(memberships__user__in=users, memberships__role=Role.OWNER)
        alone = services.without_owners(owned.distinct(), but_for=users)
        deletable, counts, refused, protected = super().get_deleted_objects(users, request)
        protected += [f"{catalog}: {services.KEEP_AN_OWNER}" for catalog in alone]
        return deletable, counts, refused, protected

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        if formset.model is Membership:
            _save_members(request, formset)
        else:
            super().save_formset(request, form, formset, change)


@admin.register(Group)
class GroupAdmin(SuperusersOnly, DjangoGroupAdmin, ModelAdmin):
    """Superusers only: whoever changes a group changes what its people may do."""


class MembershipInline(RowsInline):
    model = Membership
    form = MembershipForm
    extra = 1
    autocomplete_fields = ["user"]

    def has_add_permission(self, request: HttpRequest, obj: Catalog | None = None) -> bool:
        return super().has_add_permission(request, obj) and _manages(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Catalog | None = None) -> bool:
        return super().has_change_permission(request, obj) and _manages(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Catalog | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _manages(request, obj)


def _manages(request: HttpRequest, catalog: Catalog | None) -> bool:
    return catalog is not None and selectors.may(request.user, catalog, selectors.MANAGE)


def _save_members(request: HttpRequest, formset: Any) -> None:
    for membership in formset.save(commit=False):
        services.membership_set(
            catalog=membership.catalog,
            user=membership.user,
            role=membership.role,
            actor=request.user,
        )
    for membership in formset.deleted_objects:
        services.membership_remove(
            catalog=membership.catalog, user=membership.user, actor=request.user
        )


@admin.register(Catalog)
class CatalogAdmin(Hidden, ServiceAdmin):
    """Any member with Django's permission to add catalogues may, and owns what was added."""

    list_display = ["name", "slug", "currency", "language", "created_at", "deleted_at"]
    search_fields = ["name", "slug"]
    catalog_path = "pk"
    writers = selectors.MANAGE
    readonly_fields = ["created_at", "deleted_at"]
    actions = ["restore"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Catalog]:
        """With deleted ones, which their owners may bring back."""
        rows = Catalog.objects.order_by("name", "pk")
        if request.user.is_superuser:
            return rows
        deleted = self.writable(request, rows.deleted())
        return rows.filter(
            Q(pk__in=selectors.catalogs_for(request.user).values("pk"))
            | Q(pk__in=deleted.values("pk"))
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.add_catalog")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "slug"] if obj else fields

    def get_inlines(self, request: HttpRequest, obj: Any) -> list:
        del request
        return [MembershipInline] if obj else []

    def save_model(self, request: HttpRequest, obj: Catalog, form: ModelForm, change: bool) -> None:  # noqa: FBT001
        if change:
            changed = {name: form.cleaned_data[name] for name in form.changed_data}
            fresh = Catalog.objects.get(pk=obj.pk)
            services.catalog_update(catalog=fresh, actor=request.user, **changed)
            return
        names = ("name", "slug", "currency", "language")
        created = services.catalog_create(
            actor=request.user, **{name: form.cleaned_data[name] for name in names}
        )
        services.catalog_update(
            catalog=created,
            actor=request.user,
            brand_voice=form.cleaned_data.get("brand_voice", ""),
        )
        obj.pk, obj.slug = created.pk, created.slug
        obj._state.adding = False  # noqa: SLF001 -- the service saved it

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        del form, change
        _save_members(request, formset)

    def delete_model(self, request: HttpRequest, obj: Catalog) -> None:
        services.catalog_delete(catalog=obj, actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Catalog]) -> None:
        for catalog in queryset:
            services.catalog_delete(catalog=catalog, actor=request.user)

    @admin.action(description="Bring back deleted catalogues", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Catalog]) -> None:
        for catalog in self.chosen(request, queryset.exclude(deleted_at=None)):
            try:
                services.catalog_restore(catalog=catalog, actor=request.user)
            except ValidationError as error:
                messages.error(request, f"{catalog}: {first_message(error)}")


@admin.register(ApiToken)
class ApiTokenAdmin(SuperusersOnly, ModelAdmin):
    """A token is shown once, in the message after it was made.

    Superusers only: whoever makes a token acts as its user.
    """

    list_display = ["prefix", "user", "label", "created_at", "last_used_at", "revoked_at"]
    list_filter = ["user"]
    fields = ["user", "label"]
    autocomplete_fields = ["user"]
    actions = ["revoke"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: ApiToken,
        form: ModelForm,
        change: bool,  # noqa: FBT001 -- Django's signature
    ) -> None:
        del form, change
        token, text = services.token_create(user=obj.user, label=obj.label, actor=request.user)
        obj.pk, obj.prefix = token.pk, token.prefix
        obj._state.adding = False  # noqa: SLF001 -- the service saved it
        message = f"Copy this token now; it is not shown again: {text}"
        self.message_user(request, message, messages.WARNING)

    @admin.action(description="Revoke selected tokens", permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.filter(revoked_at=None):
            services.token_revoke(token=token, actor=request.user)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor", "action", "target_type", "target_id", "summary", "catalog"]
    list_filter = ["action", ("catalog", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["summary", "target_id"]
    date_hierarchy = "at"
    list_select_related = ["actor", "catalog"]
