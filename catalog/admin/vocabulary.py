"""Categories, attributes and their terms."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from catalog.models import AttributeDefinition, Category, Term, TermState


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ["path", "label", "google_id", "shopify_id", "position"]
    search_fields = ["path", "labels"]
    list_filter = [("parent", admin.RelatedOnlyFieldListFilter)]
    autocomplete_fields = ["parent"]
    list_per_page = 200


class TermInline(TabularInline):
    model = Term
    fields = ["key", "labels", "prompts", "state", "position"]
    extra = 0
    show_change_link = True


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(ModelAdmin):
    list_display = ["key", "label", "kind", "closed", "filterable", "machine_may_set", "position"]
    list_filter = ["kind", "closed", "machine_may_set"]
    search_fields = ["key", "labels"]
    autocomplete_fields = ["categories"]
    inlines = [TermInline]


@admin.register(Term)
class TermAdmin(ModelAdmin):
    list_display = ["label", "attribute", "key", "state", "merged_into"]
    list_filter = ["state", "attribute"]
    search_fields = ["key", "labels"]
    autocomplete_fields = ["attribute", "merged_into", "categories"]
    actions = ["accept", "reject"]

    @admin.action(description="Accept selected terms", permissions=["change"])
    def accept(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        del request
        queryset.update(state=TermState.ACTIVE)

    @admin.action(description="Reject selected terms", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        del request
        queryset.update(state=TermState.REJECTED)
