"""Products with their variants, photos and attributes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog.admin.base import ReadOnlyAdmin, ServiceAdmin
from catalog.models import (
    AttributeDefinition,
    CurrentAttribute,
    Photo,
    Placement,
    Product,
    Variant,
)
from catalog.services import photos as photo_services
from catalog.services import products as services
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS, clean_value
from catalog.services.ledger import attribute_set
from catalog.views.http import first_message

THUMBNAIL = 96


def thumbnail(photo: Photo) -> str:
    url = reverse("catalog:photo", args=[photo.pk, THUMBNAIL])
    return format_html('<img src="{}" alt="" width="48" height="48" loading="lazy">', url)


class VariantForm(forms.ModelForm):
    """Checks what the database would refuse, so that the message stands beside the field."""

    def clean_sku(self) -> str:
        sku = self.cleaned_data["sku"].strip()
        taken = Variant.objects.alive().filter(catalog=self.instance.product.catalog, sku=sku)
        if sku and taken.exclude(pk=self.instance.pk).exists():
            raise ValidationError("Another product of this catalogue has this SKU.")
        return sku


class VariantInline(TabularInline):
    model = Variant
    form = VariantForm
    extra = 0
    fields = [
        "sku",
        "option1_name",
        "option1_value",
        "option2_name",
        "option2_value",
        "price",
        "compare_at_price",
        "cost",
        "currency",
        "gtin",
        "availability",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return super().get_queryset(request).filter(deleted_at=None)


class PlacementInline(TabularInline):
    model = Placement
    extra = 0
    fields = ["picture", "role", "alt_text", "variant"]
    readonly_fields = ["picture"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Placement]:
        return super().get_queryset(request).filter(deleted_at=None).select_related("photo")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def picture(self, placement: Placement) -> str:
        return thumbnail(placement.photo)


class AttributeForm(forms.ModelForm):
    """A field and its value as text, several values with commas; nothing empties it."""

    field = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    text = forms.CharField(required=False, label="Value", widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = CurrentAttribute
        fields = ["field"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        definitions = AttributeDefinition.objects.all()
        choices = [(CATEGORY, "Category"), *((d.key, d.label()) for d in definitions)]
        self.fields["field"].choices = choices  # type: ignore[attr-defined]
        if self.instance.pk:
            self.fields["field"].disabled = True
            self.initial["text"] = ", ".join(str(value) for value in self.instance.value or [])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        text = cleaned.get("text") or ""
        values = [part.strip() for part in text.split(",") if part.strip()] or None
        try:
            cleaned["value"] = clean_value(cleaned.get("field", ""), values)
        except ValidationError as error:
            self.add_error("text", first_message(error))
        return cleaned

    def validate_constraints(self) -> None:
        """The ledger takes a second value for a field as its newest."""


class AttributeInline(TabularInline):
    model = CurrentAttribute
    form = AttributeForm
    extra = 1
    verbose_name_plural = "attributes"
    fields = ["field", "text", "source", "confidence", "locked"]
    readonly_fields = ["source", "confidence", "locked"]
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CurrentAttribute]:
        rows = super().get_queryset(request).filter(variant=None)
        return rows.exclude(field__in=COLUMN_FIELDS).order_by("field")


@admin.register(Product)
class ProductAdmin(ServiceAdmin):
    list_display = ["picture", "title", "catalog", "category", "brand", "status", "updated_at"]
    list_display_links = ["picture", "title"]
    list_filter = ["catalog", "status", ("category", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["title", "handle", "variants__sku", "variants__gtin"]
    list_select_related = ["catalog", "category"]
    list_per_page = 50
    fields = [
        "catalog",
        "title",
        "handle",
        "description",
        "brand",
        "tags",
        "status",
        "product_url",
        "category",
        "created_at",
        "updated_at",
    ]
    readonly_fields = ["category", "created_at", "updated_at"]
    actions = ["set_draft", "set_in_review", "set_approved", "set_archived"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        rows = super().get_queryset(request).filter(deleted_at=None)
        return rows.prefetch_related("placements__photo")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "catalog"] if obj else fields

    def get_inlines(self, request: HttpRequest, obj: Any) -> list:
        del request
        return [VariantInline, AttributeInline, PlacementInline] if obj else []

    @admin.display(description="")
    def picture(self, product: Product) -> str:
        standing = [p for p in product.placements.all() if p.deleted_at is None]
        return thumbnail(standing[0].photo) if standing else ""

    def save_model(self, request: HttpRequest, obj: Product, form: ModelForm, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        if change:
            fields = {name: form.cleaned_data[name] for name in form.changed_data}
            fresh = Product.objects.select_related("catalog").get(pk=obj.pk)
            services.product_update(product=fresh, actor=request.user, fields=fields)
            return
        fields = {name: form.cleaned_data[name] for name in form.cleaned_data if name != "catalog"}
        created = services.product_create(catalog=obj.catalog, actor=request.user, **fields)
        obj.pk = created.product.pk
        obj._state.adding = False  # noqa: SLF001 -- the service saved it

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        del form, change
        savers = {
            Variant: self._save_variants,
            Placement: self._save_placements,
            CurrentAttribute: self._save_attributes,
        }
        product = Product.objects.select_related("catalog").get(pk=formset.instance.pk)
        savers[formset.model](request, product, formset)

    def _save_variants(self, request: HttpRequest, product: Product, formset: Any) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        for form in formset.forms:
            if not form.has_changed():
                continue
            fields = {
                name: form.cleaned_data[name]
                for name in form.changed_data
                if name in services.VARIANT_FIELDS
            }
            stored = Variant.objects.filter(pk=form.instance.pk).first()
            if stored is None:
                services.variant_create(product=product, actor=request.user, **fields)
                formset.new_objects.append(form.instance)
            elif form.cleaned_data.get("DELETE"):
                services.variant_delete(variant=stored, actor=request.user)
                formset.deleted_objects.append(stored)
            else:
                services.variant_update(variant=stored, actor=request.user, **fields)
                formset.changed_objects.append((stored, form.changed_data))

    def _save_placements(self, request: HttpRequest, product: Product, formset: Any) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        for form in formset.forms:
            if not form.has_changed():
                continue
            stored = Placement.objects.select_related("product__catalog").get(pk=form.instance.pk)
            if form.cleaned_data.get("DELETE"):
                photo_services.placement_delete(placement=stored, actor=request.user)
                formset.deleted_objects.append(stored)
                continue
            variant = form.cleaned_data["variant"]
            photo_services.placement_update(
                placement=stored,
                actor=request.user,
                role=form.cleaned_data["role"],
                alt_text=form.cleaned_data["alt_text"],
                variant=variant,
                clear_variant=variant is None,
            )
            formset.changed_objects.append((stored, form.changed_data))
        del product

    def _save_attributes(self, request: HttpRequest, product: Product, formset: Any) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        for form in formset.forms:
            if not form.has_changed():
                continue
            field = form.cleaned_data["field"]
            attribute_set(
                product=product,
                field=field,
                value=form.cleaned_data["value"],
                actor=request.user,
            )

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        services.products_delete(products=[obj], actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        services.products_delete(products=queryset, actor=request.user)

    def _set_status(self, request: HttpRequest, queryset: QuerySet[Product], status: str) -> None:
        count = services.products_set_status(
            products=queryset.select_related("catalog"), status=status, actor=request.user
        )
        self.message_user(request, f"{count} products changed.")

    @admin.action(description="Set draft", permissions=["change"])
    def set_draft(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_status(request, queryset, "draft")

    @admin.action(description="Set in review", permissions=["change"])
    def set_in_review(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_status(request, queryset, "in_review")

    @admin.action(description="Set approved", permissions=["change"])
    def set_approved(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_status(request, queryset, "approved")

    @admin.action(description="Set archived", permissions=["change"])
    def set_archived(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_status(request, queryset, "archived")


@admin.register(Photo)
class PhotoAdmin(ReadOnlyAdmin):
    list_display = [
        "picture",
        "original_name",
        "catalog",
        "format",
        "width",
        "height",
        "created_at",
    ]
    list_filter = ["catalog", "format"]
    search_fields = ["original_name", "sha256"]
    exclude = ["file", "working_copy"]

    @admin.display(description="")
    def picture(self, photo: Photo) -> str:
        return thumbnail(photo)
