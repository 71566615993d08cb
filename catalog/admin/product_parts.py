"""What stands on a product's page below its own fields: variants, photos, attributes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from catalog.admin.base import RowsInline
from catalog.models import (
    AttributeDefinition,
    AttributeKind,
    CurrentAttribute,
    Decision,
    LedgerEntry,
    Photo,
    Placement,
    Product,
    ProductVersion,
    Variant,
)
from catalog.money import short_money
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS, clean_value
from catalog.services.variants import gtin_check
from catalog.views.http import first_message

THUMBNAIL = 96
CHOICES = frozenset({AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE})


def thumbnail(photo: Photo) -> str:
    url = reverse("catalog:photo", args=[photo.pk, THUMBNAIL])
    return format_html('<img src="{}" alt="" width="48" height="48" loading="lazy">', url)


class VariantForm(forms.ModelForm):
    """Checks what the database would refuse, so that the message stands beside the field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        short_money(self.initial)
        if "currency" in self.fields:
            self.fields["currency"].required = False
            self.fields["currency"].help_text = "Left empty: the catalogue's."

    def clean_sku(self) -> str:
        sku = self.cleaned_data["sku"].strip()
        taken = Variant.objects.alive().filter(catalog=self.instance.product.catalog, sku=sku)
        if sku and taken.exclude(pk=self.instance.pk).exists():
            raise ValidationError("Another product of this catalogue has this SKU.")
        return sku

    def clean(self) -> dict[str, Any]:
        gtin_check(self.initial.get("gtin", ""), self.cleaned_data.get("gtin"))
        return super().clean() or self.cleaned_data


class VariantInline(RowsInline):
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


class PlacementForm(forms.ModelForm):
    def validate_constraints(self) -> None:
        """The service makes room for a new main photo."""


class PlacementInline(RowsInline):
    model = Placement
    form = PlacementForm
    extra = 0
    fields = ["picture", "role", "alt_text", "variant"]
    readonly_fields = ["picture"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Placement]:
        return super().get_queryset(request).filter(deleted_at=None).select_related("photo")

    def get_formset(
        self, request: HttpRequest, obj: Product | None = None, **options: Any
    ) -> type[forms.BaseInlineFormSet]:
        formset = super().get_formset(request, obj, **options)
        variants = formset.form.base_fields.get("variant")
        if variants:
            own = Variant.objects.alive().filter(product=obj)
            variants.queryset = own.select_related("product")
        return formset

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def picture(self, placement: Placement) -> str:
        return thumbnail(placement.photo)


class AttributeForm(forms.ModelForm):
    """A field and its value as text; several values of a choice with commas."""

    field = forms.ChoiceField(widget=UnfoldAdminSelectWidget({"aria-label": "Field"}))
    text = forms.CharField(
        required=False, label="Value", widget=UnfoldAdminTextInputWidget({"aria-label": "Value"})
    )
    empty = forms.BooleanField(
        required=False,
        label="Empty on purpose",
        widget=UnfoldBooleanWidget({"aria-label": "Empty on purpose"}),
    )
    definitions: dict[str, AttributeDefinition] = {}

    class Meta:
        model = CurrentAttribute
        fields = ["field"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "---------"), (CATEGORY, "Category")]
        choices += [(key, definition.label()) for key, definition in self.definitions.items()]
        if self.instance.pk:
            name = self.instance.field
            # The vocabulary may have lost the field since.
            choices += [(name, name)] if name not in dict(choices) else []
            self.fields["field"].disabled = True
            self.initial["text"] = self._joint().join(map(str, self.instance.value or []))
            self.initial["empty"] = self.instance.value is None
        self.fields["field"].choices = choices  # type: ignore[attr-defined]

    def _joint(self) -> str:
        """What stands between values. A text may hold commas itself, so its values end with "|"."""
        return ", " if self._is_choice(self.instance.field) else " | "

    def _is_choice(self, name: str) -> bool:
        return name in self.definitions and self.definitions[name].kind in CHOICES

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.has_changed() or "field" not in cleaned:
            return cleaned
        if cleaned.get("empty"):
            if cleaned.get("text") and "text" in self.changed_data:
                self.add_error("text", "Give a value or tick “empty on purpose”, not both.")
            cleaned["value"] = None
            return cleaned
        values = self._values(cleaned["field"], cleaned.get("text") or "")
        if not values:
            self.add_error("text", "Give a value, or tick “empty on purpose”.")
            return cleaned
        try:
            cleaned["value"] = clean_value(cleaned["field"], values)
        except ValidationError as error:
            self.add_error("text", first_message(error))
        return cleaned

    def _values(self, name: str, text: str) -> list[str]:
        parts = [text]
        if self._is_choice(name):
            parts = text.split(",")
        elif self.instance.pk and len(self.instance.value or []) > 1:
            parts = text.split("|")
        return [part.strip() for part in parts if part.strip()]

    def validate_constraints(self) -> None:
        """The ledger takes a second value for a field as its newest."""


class AttributeInline(RowsInline):
    model = CurrentAttribute
    form = AttributeForm
    extra = 1
    verbose_name_plural = "attributes"
    fields = ["field", "text", "empty", "source", "said_by", "sure", "confirmed_by", "locked"]
    readonly_fields = ["source", "said_by", "sure", "confirmed_by", "locked"]
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CurrentAttribute]:
        rows = super().get_queryset(request).filter(variant=None)
        rows = rows.select_related("entry__created_by", "entry__decided_by")
        return rows.exclude(field__in=COLUMN_FIELDS).order_by("field")

    @admin.display(description="Said by")
    def said_by(self, row: CurrentAttribute) -> str:
        return row.entry.model or _name(row.entry.created_by) if row.entry_id else ""

    @admin.display(description="Confidence")
    def sure(self, row: CurrentAttribute) -> str:
        return percent(row.confidence)

    @admin.display(description="Confirmed by")
    def confirmed_by(self, row: CurrentAttribute) -> str:
        if not row.entry_id or row.entry.decision != Decision.ACCEPTED:
            return "–"
        return _name(row.entry.decided_by)

    def get_formset(
        self, request: HttpRequest, obj: Product | None = None, **options: Any
    ) -> type[forms.BaseInlineFormSet]:
        formset = super().get_formset(request, obj, **options)
        formset.form.definitions = {row.key: row for row in AttributeDefinition.objects.all()}
        return formset


def percent(confidence: float | None) -> str:
    return "–" if confidence is None else f"{confidence:.0%}"


def _name(user: Any) -> str:
    return user.get_username() if user is not None else "–"


class SuggestionInline(RowsInline):
    """What machines said and awaits a person, to look at; it is decided on the product's page."""

    model = LedgerEntry
    extra = 0
    verbose_name_plural = "suggestions"
    fields = readonly_fields = ["field", "said", "source", "model", "sure", "decide"]
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        rows = super().get_queryset(request).filter(awaits_review=True)
        return rows.select_related("product__catalog").order_by("field", "pk")

    @admin.display(description="Value")
    def said(self, row: LedgerEntry) -> str:
        return ", ".join(map(str, row.value or [])) or "–"

    @admin.display(description="Confidence")
    def sure(self, row: LedgerEntry) -> str:
        return percent(row.confidence)

    @admin.display(description="")
    def decide(self, row: LedgerEntry) -> str:
        address = f"{row.product.get_absolute_url()}#suggestions"
        return format_html('<a href="{}">Decide</a>', address)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


class VersionInline(RowsInline):
    """The approved versions, to look at; what they hold is compared on the product's page."""

    model = ProductVersion
    extra = 0
    verbose_name_plural = "approved versions"
    fields = readonly_fields = ["number", "approved_by", "approved_at", "withdrawn_at"]
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductVersion]:
        return super().get_queryset(request).select_related("approved_by").defer("content")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False
