"""The ledger row by row, and acts on many products, which can be undone from here too."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from catalog import selectors
from catalog.admin.base import ReadOnlyAdmin, Refusable
from catalog.admin.product_filters import BANDS
from catalog.models import Batch, LedgerEntry
from catalog.services.batches import batch_restore
from catalog.services.going_back import batch_undo
from catalog.views.http import first_message


class BandFilter(admin.SimpleListFilter):
    """How sure the machine was."""

    title = "confidence"
    parameter_name = "band"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [(band, label) for band, (label, _) in BANDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        del request
        band = BANDS.get(self.value() or "")
        return queryset.filter(band[1]) if band else queryset


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    catalog_path = "product__catalog"
    list_display = [
        "created_at",
        "product_link",
        "field",
        "value",
        "source",
        "model",
        "confidence",
        "decision",
        "decided_by",
        "batch_link",
        "retracted_at",
    ]
    list_display_links = ["created_at"]
    list_filter = [
        "source",
        "decision",
        "awaits_review",
        ("retracted_at", admin.EmptyFieldListFilter),
        BandFilter,
        "field",
        ("product__catalog", admin.RelatedOnlyFieldListFilter),
    ]
    search_fields = ["product__title", "product__handle", "field", "model"]
    list_select_related = ["product__catalog", "batch", "decided_by"]
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="Product", ordering="product")
    def product_link(self, row: LedgerEntry) -> str:
        address = reverse("admin:catalog_product_change", args=[row.product_id])
        return format_html('<a href="{}">{}</a>', address, row.product)

    @admin.display(description="Batch")
    def batch_link(self, row: LedgerEntry) -> str:
        if row.batch is None:
            return "–"
        address = reverse("admin:catalog_batch_change", args=[row.batch_id])
        return format_html('<a href="{}">{}</a>', address, row.batch)


@admin.register(Batch)
class BatchAdmin(Refusable, ReadOnlyAdmin):
    list_display = ["label", "catalog", "created_by", "created_at", "page", "retracted_at"]
    list_filter = [
        ("catalog", admin.RelatedOnlyFieldListFilter),
        ("retracted_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["label", "created_by__username"]
    list_select_related = ["catalog", "created_by"]
    show_full_result_count = False
    actions = ["undo", "restore"]

    @admin.display(description="What it did")
    def page(self, row: Batch) -> str:
        address = reverse("catalog:batch", args=[row.catalog.slug, row.pk])
        return format_html('<a href="{}">Products, before and after</a>', address)

    def has_undo_permission(self, request: HttpRequest) -> bool:
        """Asked for the actions below: nothing else is changed here."""
        may = request.user.has_perm("catalog.change_batch")
        return bool(may) and self._may_write(request)

    @admin.action(description="Undo", permissions=["undo"])
    def undo(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        self._each(request, queryset, batch_undo, "undone")

    @admin.action(description="Restore", permissions=["undo"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        self._each(request, queryset, batch_restore, "restored")

    def _each(self, request: HttpRequest, queryset: QuerySet, act: Any, word: str) -> None:
        """One by one, the newest first: one that cannot be undone holds no others up."""
        for batch in self.chosen(request, queryset).select_related("catalog"):
            if not selectors.undoable(request.user, batch.catalog, [batch]):
                messages.error(request, f"{batch}: {selectors.READ_ONLY}")
                continue
            try:
                done = act(batch=batch, actor=request.user)
            except ValidationError as error:
                messages.error(request, f"{batch}: {first_message(error)}")
                continue
            if done.job is not None:
                self.message_user(request, f"{batch}: begun. It goes on in the background.")
                continue
            values, kept = done.result["values"], done.result["kept"]
            more = f" {kept} texts were changed since and stay." if kept else ""
            self.message_user(request, f"{batch}: {values} values {word}.{more}")
