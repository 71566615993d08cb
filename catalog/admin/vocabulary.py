"""Categories, attributes and their terms. They belong to no catalogue: Django's permissions rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from catalog.admin.base import Refusable
from catalog.models import AttributeDefinition, Category, Term, TermState
from catalog.models.shapes import check_labels, check_prompts
from catalog.services import vocabulary as services


class VocabularyForm(forms.ModelForm):
    """Fields of JSON: left empty they hold nothing.

    Their shapes are checked here already, because a page that is shown again with its errors names
    the row by its labels.
    """

    def clean_labels(self) -> dict[str, str]:
        labels = self.cleaned_data["labels"] or {}
        check_labels(labels)
        return labels

    def clean_precedence(self) -> list[str]:
        return self.cleaned_data["precedence"] or []

    def clean_prompts(self) -> list[str]:
        prompts = self.cleaned_data["prompts"] or []
        check_prompts(prompts)
        return prompts


class TermForm(VocabularyForm):
    """The ledger names terms by their keys: a key stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "key" in self.fields:
            self.fields["key"].disabled = True


@admin.register(Category)
class CategoryAdmin(Refusable, ModelAdmin):
    form = VocabularyForm
    list_display = ["path", "label", "google_id", "shopify_id", "position"]
    search_fields = ["path", "labels"]
    list_filter = [("parent", admin.RelatedOnlyFieldListFilter)]
    autocomplete_fields = ["parent"]
    list_per_page = 200

    def save_model(
        self,
        request: HttpRequest,
        obj: Category,
        form: ModelForm,
        change: bool,  # noqa: FBT001 -- Django's signature
    ) -> None:
        stored = Category.objects.get(pk=obj.pk) if change else None
        saved = services.category_save(actor=request.user, category=stored, **form.cleaned_data)
        obj.pk, obj.path = saved.pk, saved.path
        obj._state.adding = False  # noqa: SLF001 -- the service saved it

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        services.category_delete(category=obj, actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        for category in queryset:
            services.category_delete(category=category, actor=request.user)


class TermInline(TabularInline):
    model = Term
    form = TermForm
    fields = ["key", "labels", "prompts", "state", "position"]
    extra = 0
    show_change_link = True

    def formfield_for_choice_field(self, field: Any, request: HttpRequest, **options: Any) -> Any:
        if field.name == "state":
            # What a term was merged into is chosen on its own page.
            options["choices"] = [pair for pair in TermState.choices if pair[0] != TermState.MERGED]
        return super().formfield_for_choice_field(field, request, **options)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Term]:
        return super().get_queryset(request).exclude(state=TermState.MERGED)


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(Refusable, ModelAdmin):
    form = VocabularyForm
    list_display = ["key", "label", "kind", "closed", "filterable", "machine_may_set", "position"]
    list_filter = ["kind", "closed", "machine_may_set"]
    search_fields = ["key", "labels"]
    autocomplete_fields = ["categories"]
    inlines = [TermInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "key"] if obj else fields

    def save_model(
        self,
        request: HttpRequest,
        obj: AttributeDefinition,
        form: ModelForm,
        change: bool,  # noqa: FBT001 -- Django's signature
    ) -> None:
        del form, change
        services.definition_save(definition=obj, actor=request.user)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        del form, change
        for term in formset.save(commit=False):
            services.term_save(term=term, actor=request.user)
        for term in formset.deleted_objects:
            services.term_delete(term=term, actor=request.user)

    def delete_model(self, request: HttpRequest, obj: AttributeDefinition) -> None:
        services.definition_delete(definition=obj, actor=request.user)

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[AttributeDefinition]
    ) -> None:
        for definition in queryset:
            services.definition_delete(definition=definition, actor=request.user)


@admin.register(Term)
class TermAdmin(Refusable, ModelAdmin):
    form = TermForm
    list_display = ["label", "attribute", "key", "state", "merged_into"]
    list_filter = ["state", "attribute"]
    list_select_related = ["attribute", "merged_into"]
    search_fields = ["key", "labels"]
    autocomplete_fields = ["attribute", "merged_into", "categories"]
    actions = ["accept", "reject"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "attribute"] if obj else fields

    def save_model(self, request: HttpRequest, obj: Term, form: ModelForm, change: bool) -> None:  # noqa: FBT001
        del form, change
        services.term_save(term=obj, actor=request.user)

    def delete_model(self, request: HttpRequest, obj: Term) -> None:
        services.term_delete(term=obj, actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        for term in queryset.select_related("attribute"):
            services.term_delete(term=term, actor=request.user)

    @admin.action(description="Accept selected terms", permissions=["change"])
    def accept(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        self._decide(request, queryset, TermState.ACTIVE)

    @admin.action(description="Reject selected terms", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Term]) -> None:
        self._decide(request, queryset, TermState.REJECTED)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Term], state: TermState) -> None:
        count = services.terms_decide(
            terms=queryset.select_related("attribute"), state=state, actor=request.user
        )
        self.message_user(request, f"{count} terms changed.")
