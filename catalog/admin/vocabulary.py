"""Categories, attributes and their terms. They belong to no catalogue: Django's permissions rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Field, JSONField, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog import selectors
from catalog.admin.base import Refusable, RowsInline
from catalog.admin.labels import LabelsField, LabelsWidget, languages_in_use
from catalog.models import AttributeDefinition, Category, Term, TermState
from catalog.models.shapes import check_prompts
from catalog.services import vocabulary as services
from catalog.vocabulary.kept import exported

# An attribute with more terms than this is edited without them: they have pages of their own.
MOST_INLINE = 100
SUGGESTED = 500


class VocabularyForm(forms.ModelForm):
    """Fields of JSON: left empty they hold nothing.

    Their shapes are checked here already, because a page that is shown again with its errors names
    the row by its labels.
    """

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


class WithLabels:
    """An admin of rows with labels: edited a language a line, listed with their languages."""

    class Media:
        css = {"all": ["css/admin.css"]}

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "labels":
            return LabelsField(required=False, widget=LabelsWidget(languages_in_use()))
        return super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]

    @admin.display(description="Languages")
    def languages(self, row: Any) -> str:
        return ", ".join(language for language, label in row.labels.items() if label)


@admin.register(Category)
class CategoryAdmin(WithLabels, Refusable, ModelAdmin):
    form = VocabularyForm
    list_display = ["path", "label", "languages", "offered", "google_id", "shopify_id", "position"]
    search_fields = ["path", "labels", "google_id", "shopify_id"]
    list_filter = [
        "offered",
        ("parent", admin.EmptyFieldListFilter),
        ("google_id", admin.EmptyFieldListFilter),
        ("shopify_id", admin.EmptyFieldListFilter),
    ]
    autocomplete_fields = ["parent"]
    list_per_page = 100
    show_full_result_count = False
    actions = ["offer", "hide"]
    actions_list = ["bring", "export"]

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

    @admin.action(description="Offer selected and all below them", permissions=["change"])
    def offer(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        self._offer(request, queryset, offered=True)

    @admin.action(description="Stop offering selected and all below them", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        self._offer(request, queryset, offered=False)

    def _offer(self, request: HttpRequest, queryset: QuerySet[Category], *, offered: bool) -> None:
        count = services.categories_offer(categories=queryset, offered=offered, actor=request.user)
        self.message_user(request, f"{count} categories changed.")

    def has_bring_permission(self, request: HttpRequest) -> bool:
        return selectors.may_edit_vocabulary(request.user)

    @action(description="Import a file", icon="upload", permissions=["bring"])
    def bring(self, request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponseRedirect(reverse("admin:catalog_vocabularyimport_add"))

    @action(description="Export as TOML", icon="download", permissions=["view"])
    def export(self, request: HttpRequest) -> HttpResponse:
        del request
        response = HttpResponse(exported("toml").content, content_type="application/toml")
        response["Content-Disposition"] = 'attachment; filename="vocabulary.toml"'
        return response


class TermInline(WithLabels, RowsInline):
    model = Term
    form = TermForm
    fields = ["key", "labels", "prompts", "state", "position"]
    extra = 0
    show_change_link = True
    formfield_overrides = {JSONField: {"widget": UnfoldAdminTextareaWidget({"rows": 3})}}

    def formfield_for_choice_field(self, field: Any, request: HttpRequest, **options: Any) -> Any:
        if field.name == "state":
            # What a term was merged into is chosen on its own page.
            options["choices"] = [pair for pair in TermState.choices if pair[0] != TermState.MERGED]
        return super().formfield_for_choice_field(field, request, **options)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Term]:
        return super().get_queryset(request).exclude(state=TermState.MERGED)


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(WithLabels, Refusable, ModelAdmin):
    form = VocabularyForm
    list_display = [
        "key",
        "label",
        "kind",
        "values",
        "languages",
        "closed",
        "filterable",
        "machine_may_set",
        "position",
    ]
    list_filter = ["kind", "closed", "filterable", "machine_may_set"]
    search_fields = ["key", "labels"]
    autocomplete_fields = ["categories"]
    inlines = [TermInline]
    list_per_page = 100
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AttributeDefinition]:
        return super().get_queryset(request).annotate(term_count=Count("terms"))

    @admin.display(description="Values")
    def values(self, row: Any) -> str:
        if not row.term_count:
            return "–"
        address = reverse("admin:catalog_term_changelist")
        return format_html(
            '<a href="{}?attribute__id__exact={}">{}</a>', address, row.pk, row.term_count
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "key", "values"] if obj else fields

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        crowded = obj is not None and obj.terms.count() > MOST_INLINE
        return [] if crowded else list(super().get_inlines(request, obj))

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
class TermAdmin(WithLabels, Refusable, ModelAdmin):
    form = TermForm
    list_display = ["label", "attribute", "key", "languages", "state", "merged_into", "position"]
    list_filter = ["state", ("merged_into", admin.EmptyFieldListFilter)]
    list_select_related = ["attribute", "merged_into"]
    search_fields = ["key", "labels", "attribute__key"]
    autocomplete_fields = ["attribute", "merged_into", "categories"]
    actions = ["accept", "reject", "merge"]
    list_per_page = 100
    show_full_result_count = False

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

    @admin.action(description="Merge selected terms into another one", permissions=["change"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Term]) -> HttpResponse | None:
        """Asks what to merge into, then merges."""
        terms = list(queryset.select_related("attribute"))
        attributes = {term.attribute for term in terms}
        if len(attributes) != 1:
            raise ValidationError("Choose terms of one attribute: only these can mean the same.")
        attribute = attributes.pop()
        others = attribute.terms.filter(state=TermState.ACTIVE).exclude(
            pk__in=[term.pk for term in terms]
        )
        named, error = request.POST.get("into", "").strip(), ""
        if named:
            into = next((term for term in others if named.casefold() in _names(term)), None)
            if into is not None:
                count = services.terms_merge(terms=terms, into=into, actor=request.user)
                self.message_user(request, f"{count} merged into {into}.")
                return None
            error = f"“{named}” is no other value of {attribute}. Give its key or its label."
        context = {
            **self.admin_site.each_context(request),
            "title": f"Merge terms of {attribute}",
            "opts": self.opts,
            "terms": terms,
            "others": others[:SUGGESTED],
            "named": named,
            "error": error,
        }
        return TemplateResponse(request, "catalog/admin/merge_terms.html", context)


def _names(term: Term) -> set[str]:
    return {term.key.casefold(), *(str(label).casefold() for label in term.labels.values())}
