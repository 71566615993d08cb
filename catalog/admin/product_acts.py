"""Acts on many products at once, each a batch that can be undone as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog import selectors
from catalog.admin.base import catalogs_where
from catalog.models import AttributeDefinition, AttributeKind, Batch, Catalog, LedgerEntry, Product
from catalog.services.attribute_values import CATEGORY, CHOICES, clean_value
from catalog.services.batches import batch_decide, batch_start
from catalog.services.ledger import attributes_set
from catalog.views.choosing import MOST_BY_ID
from catalog.views.http import first_message

NAMED = 8
THRESHOLDS = {"0": "All of them", "0.9": "90 % sure and more", "0.8": "80 % sure and more"}


class AttributeChoice(forms.Form):
    """Which attribute."""

    field = forms.ChoiceField(label="Attribute", widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definitions = {row.key: row for row in AttributeDefinition.objects.all()}
        choices = [("", "---------"), (CATEGORY, "Category")]
        choices += [(key, row.label()) for key, row in self.definitions.items()]
        self.fields["field"].choices = choices  # type: ignore[attr-defined]

    def label(self) -> str:
        name = self.cleaned_data["field"]
        return "Category" if name == CATEGORY else self.definitions[name].label()


class ValueChoice(AttributeChoice):
    """Which attribute and which value; several values of a choice with commas."""

    text = forms.CharField(
        label="Value",
        widget=UnfoldAdminTextInputWidget,
        help_text="Values of a choice by key or label, several with commas; a category by its path.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        name, text = cleaned.get("field"), cleaned.get("text")
        if not name or not text:
            return cleaned
        values = text.split(",") if self._is_choice(name) else [text]
        try:
            cleaned["value"] = clean_value(name, [each.strip() for each in values])
        except ValidationError as error:
            self.add_error("text", first_message(error))
        return cleaned

    def _is_choice(self, name: str) -> bool:
        return name in self.definitions and AttributeKind(self.definitions[name].kind) in CHOICES


class AcceptChoice(forms.Form):
    """Which suggestions."""

    at_least = forms.ChoiceField(
        label="Suggestions",
        choices=list(THRESHOLDS.items()),
        initial="0.8",
        widget=UnfoldAdminSelectWidget,
    )


class ProductActs:
    """Actions of the admin of products that ask something first."""

    act_actions = ["set_attribute", "clear_attribute", "accept_suggestions", "describe_again"]

    @admin.action(description="Set an attribute", permissions=["change"])
    def set_attribute(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        products = list(self.chosen(request, queryset).select_related("catalog"))  # type: ignore[attr-defined]
        form = ValueChoice(request.POST if "apply" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, products, form, "set_attribute", "Set an attribute")
        name, value = form.cleaned_data["field"], form.cleaned_data["value"]
        label = f"{form.label()} set to {form.cleaned_data['text']}"
        self._give(request, products, name, value, label)
        return None

    @admin.action(description="Empty an attribute on purpose", permissions=["change"])
    def clear_attribute(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        products = list(self.chosen(request, queryset).select_related("catalog"))  # type: ignore[attr-defined]
        form = AttributeChoice(request.POST if "apply" in request.POST else None)
        if not form.is_valid():
            title = "Empty an attribute on purpose"
            return self._ask(request, products, form, "clear_attribute", title)
        self._give(request, products, form.cleaned_data["field"], None, f"{form.label()} emptied")
        return None

    def _give(
        self, request: HttpRequest, products: list[Product], name: str, value: Any, label: str
    ) -> None:
        for catalog, own in _by_catalog(products):
            batch = batch_start(catalog=catalog, label=label, actor=request.user)
            count = attributes_set(
                products=own, field=name, value=value, actor=request.user, batch=batch
            )
            _tell(request, batch, f"{label} on {count} product{'' if count == 1 else 's'}.")

    @admin.action(description="Accept suggestions", permissions=["review"])
    def accept_suggestions(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        allowed = queryset.filter(catalog__in=catalogs_where(request.user, selectors.REVIEW))
        if left_out := queryset.count() - allowed.count():
            messages.error(request, f"{left_out} left out. {selectors.READ_ONLY}")
        products = list(allowed.select_related("catalog"))
        form = AcceptChoice(request.POST if "apply" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, products, form, "accept_suggestions", "Accept suggestions")
        at_least = form.cleaned_data["at_least"]
        for catalog, own in _by_catalog(products):
            rows = LedgerEntry.objects.filter(product__in=own, awaits_review=True)
            if float(at_least):
                rows = rows.filter(confidence__gte=float(at_least))
            label = f"Suggestions accepted: {THRESHOLDS[at_least].lower()}"
            batch, refused = batch_decide(
                catalog=catalog, entries=rows, accept=True, actor=request.user, label=label
            )
            if batch is None:
                messages.warning(request, f"{catalog}: there was nothing to accept.")
            else:
                count = batch.decisions.count()
                _tell(request, batch, f"{count} suggestion{'' if count == 1 else 's'} accepted.")
            if refused:
                reason = first_message(next(iter(refused.values())))
                messages.error(request, f"{len(refused)} not accepted: {reason}")
        return None

    @admin.action(description="Describe again", permissions=["change"])
    def describe_again(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        """Leads to the page that says what it takes before anything is asked."""
        chosen = self.chosen(request, queryset)  # type: ignore[attr-defined]
        ids = list(chosen.order_by("pk").values_list("pk", flat=True)[: MOST_BY_ID + 1])
        catalogs = list(Catalog.objects.filter(products__in=ids[:MOST_BY_ID]).distinct())
        if len(catalogs) != 1:
            raise ValidationError("Choose products of one catalogue.")
        if len(ids) > MOST_BY_ID:
            raise ValidationError(f"Choose at most {MOST_BY_ID} products, or start from the list.")
        address = reverse("catalog:describe", args=[catalogs[0].slug])
        query = urlencode([("again", "1"), *(("product", pk) for pk in ids)])
        return HttpResponseRedirect(f"{address}?{query}")

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Asked for accepting: reviewers may that, and not change products."""
        if not request.user.has_perm("catalog.change_product"):
            return False
        return request.user.is_superuser or (
            catalogs_where(request.user, selectors.REVIEW).exists()
        )

    def _ask(
        self,
        request: HttpRequest,
        products: list[Product],
        form: forms.Form,
        action: str,
        title: str,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": title,
            "opts": self.opts,  # type: ignore[attr-defined]
            "action": action,
            "form": form,
            # All that match are named by the list's address, and not one by one.
            "select_across": request.POST.get("select_across", "0"),
            "carried": request.POST.getlist("_selected_action"),
            "named": products[:NAMED],
            "more": max(0, len(products) - NAMED),
        }
        return TemplateResponse(request, "catalog/admin/product_act.html", context)


def _by_catalog(products: Iterable[Product]) -> list[tuple[Catalog, list[Product]]]:
    """An act belongs to one catalogue, so that its people can undo it."""
    found: dict[int, tuple[Catalog, list[Product]]] = {}
    for product in products:
        found.setdefault(product.catalog_id, (product.catalog, []))[1].append(product)
    return list(found.values())


def _tell(request: HttpRequest, batch: Batch, message: str) -> None:
    address = reverse("catalog:batch", args=[batch.catalog.slug, batch.pk])
    link = format_html('{} <a href="{}">See it, or undo it</a>', message, address)
    messages.success(request, link)
