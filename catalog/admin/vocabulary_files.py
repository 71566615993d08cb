"""Vocabulary files: brought on one page, looked at and taken over on the next, undone there too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from catalog import selectors
from catalog.models import VocabularyImport
from catalog.models.catalog import LANGUAGE
from catalog.models.vocabulary import label_in
from catalog.services.vocabulary_imports import (
    Reading,
    Taking,
    import_plan,
    vocabulary_import_apply,
    vocabulary_import_bring,
    vocabulary_import_choose,
    vocabulary_import_undo,
)
from catalog.services.vocabulary_loading import Change, Loading, Mode
from catalog.views.http import first_message, number, read_upload
from catalog.vocabulary import VocabularyFileError
from catalog.vocabulary.brought import GOOGLE, MAX_FILES, SHOPIFY, Brought
from catalog.vocabulary.reading import MAX_BYTES
from catalog.vocabulary.shopify import Taxonomy
from catalog.vocabulary.shopify_mapping import ALL_LEVELS, Choices

SHOWN = 60
KINDS = {SHOPIFY: "Shopify's taxonomy", GOOGLE: "Google's taxonomy"}


class Several(forms.ClearableFileInput):
    allow_multiple_selected = True


class BringForm(forms.Form):
    language = forms.CharField(max_length=20, initial="en", validators=[LANGUAGE])


class TakingForm(forms.Form):
    """How a file is taken over; of Shopify's taxonomy, what of it."""

    mode = forms.ChoiceField(choices=Mode.choices, widget=forms.RadioSelect)
    restore = forms.BooleanField(required=False)
    branches = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    more_branches = forms.CharField(required=False, max_length=2000)
    levels = forms.IntegerField(required=False, min_value=1, max_value=ALL_LEVELS)
    attributes = forms.BooleanField(required=False)
    extended = forms.BooleanField(required=False)
    offered = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, taxonomy: Taxonomy | None, taking: Taking) -> None:
        chosen = taking.shopify
        self._shopify = None if taxonomy else chosen
        roots = taxonomy.roots if taxonomy else []
        super().__init__(
            data,
            initial={
                "mode": taking.mode,
                "restore": taking.restore,
                "branches": [key for key in chosen.branches if key in roots],
                "more_branches": ", ".join(key for key in chosen.branches if key not in roots),
                "levels": chosen.levels if chosen.levels < ALL_LEVELS else None,
                "attributes": chosen.attributes,
                "extended": chosen.extended,
                "offered": chosen.offered,
            },
        )
        nodes = taxonomy.categories if taxonomy else {}
        self.fields["branches"].choices = [  # type: ignore[attr-defined]
            (key, label_in(nodes[key].names, "en", key)) for key in roots
        ]

    def taking(self) -> Taking:
        said = self.cleaned_data
        typed = said["more_branches"].replace(",", " ").split()
        return Taking(
            mode=said["mode"],
            restore=said["restore"],
            shopify=self._shopify
            or Choices(
                branches=tuple(dict.fromkeys([*said["branches"], *typed])),
                levels=said["levels"] or ALL_LEVELS,
                attributes=said["attributes"],
                extended=said["extended"],
                offered=said["offered"],
            ),
        )


@admin.register(VocabularyImport)
class VocabularyImportAdmin(ModelAdmin):
    """For people who may add and change all parts of the vocabulary; nobody needs more for it."""

    list_display = ["name", "what", "created_by", "created_at", "applied_at", "undone_at"]
    list_select_related = ["created_by"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content", "added")

    @admin.display(description="Kind")
    def what(self, row: VocabularyImport) -> str:
        return KINDS.get(row.kind, "Vocabulary")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return selectors.may_edit_vocabulary(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return selectors.may_edit_vocabulary(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return selectors.may_edit_vocabulary(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return selectors.may_edit_vocabulary(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What was taken over is known by its row.
        del request, obj
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Choose files. They are read here and now, and refused with what is wrong with them."""
        del form_url, extra_context
        self._allow(request)
        form = BringForm(request.POST or None)
        error = ""
        if request.method == "POST" and form.is_valid():
            try:
                row = vocabulary_import_bring(
                    files=_uploads(request),
                    language=form.cleaned_data["language"],
                    actor=request.user,
                )
            except VocabularyFileError as problem:
                error = str(problem)
            else:
                return HttpResponseRedirect(_address(row))
        elif form.errors:
            error = "Give the language's tag, such as en."
        context = {"title": "Import a vocabulary", "form": form, "error": error}
        status = 422 if error else 200
        return self._page(request, "catalog/admin/bring.html", context, status)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """What a file would do as it is chosen now; POST chooses, takes over, or undoes."""
        del form_url, extra_context
        self._allow(request)
        known = VocabularyImport.objects.all()
        row = get_object_or_404(known, pk=number(object_id, 0))
        if request.method == "POST" and row.applied_at:
            return self._undo(request, row)
        if row.applied_at:
            return self._done(request, row)
        taxonomy = _taxonomy(row)
        form = TakingForm(request.POST or None, taxonomy=taxonomy, taking=Taking.of(row.choices))
        if request.method == "POST":
            if form.is_valid():
                seen = form.taking() == Taking.of(row.choices)
                vocabulary_import_choose(row=row, taking=form.taking())
                if "apply" in request.POST and seen:
                    return self._apply(request, row)
                if "apply" in request.POST:
                    messages.warning(request, "Look at what these choices do, then take it over.")
                return HttpResponseRedirect(_address(row))
            messages.error(request, "Some of these choices do not fit.")
        return self._preview(request, row, form, taxonomy)

    def _preview(
        self,
        request: HttpRequest,
        row: VocabularyImport,
        form: TakingForm,
        taxonomy: Taxonomy | None,
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "title": f"Import {row.name}",
            "row": row,
            "form": form,
            "what": self.what(row),
            "taxonomy": taxonomy,
            "languages": ", ".join(taxonomy.languages) if taxonomy else "",
            "branches": _branches(form, taxonomy) if taxonomy else [],
        }
        try:
            reading, plan = import_plan(row)
        except VocabularyFileError as problem:
            return self._page(
                request, "catalog/admin/preview.html", {**context, "error": str(problem)}, 422
            )
        context |= _shown(reading, plan)
        return self._page(request, "catalog/admin/preview.html", context)

    def _apply(self, request: HttpRequest, row: VocabularyImport) -> HttpResponse:
        try:
            vocabulary_import_apply(row=row, actor=request.user)
        except VocabularyFileError as problem:
            messages.error(request, str(problem))
        except ValidationError as problem:
            messages.error(request, first_message(problem))
        else:
            messages.success(request, "The vocabulary was changed.")
        return HttpResponseRedirect(_address(row))

    def _undo(self, request: HttpRequest, row: VocabularyImport) -> HttpResponse:
        try:
            counts = vocabulary_import_undo(row=row, actor=request.user)
        except ValidationError as problem:
            messages.error(request, first_message(problem))
        else:
            text = f"{counts['removed']} removed again."
            if counts["kept"]:
                text += f" {counts['kept']} stay, because something uses them."
            messages.success(request, text)
        return HttpResponseRedirect(_address(row))

    def _done(self, request: HttpRequest, row: VocabularyImport) -> HttpResponse:
        context = {"title": f"Import of {row.name}", "row": row, "what": self.what(row)}
        return self._page(request, "catalog/admin/taken.html", context)

    def _allow(self, request: HttpRequest) -> None:
        if not selectors.may_edit_vocabulary(request.user):
            raise PermissionDenied

    def _page(
        self, request: HttpRequest, template: str, values: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **values}
        return TemplateResponse(request, template, context, status=status)


def _address(row: VocabularyImport) -> str:
    return reverse("admin:catalog_vocabularyimport_change", args=[row.pk])


def _uploads(request: HttpRequest) -> list[tuple[str, bytes]]:
    uploads = request.FILES.getlist("files")
    if len(uploads) > MAX_FILES:
        raise VocabularyFileError(f"Choose at most {MAX_FILES} files; or zip them.")
    return [(upload.name or "file", read_upload(upload, MAX_BYTES)) for upload in uploads]


def _taxonomy(row: VocabularyImport) -> Taxonomy | None:
    if row.kind != SHOPIFY:
        return None
    return Taxonomy.of(Brought.unpacked(bytes(row.content)).data)


def _branches(form: TakingForm, taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """The verticals with how many categories each has, and whether it is chosen."""
    sizes: dict[str, int] = {}
    for key in taxonomy.categories:
        root = key.partition("-")[0]
        sizes[root] = sizes.get(root, 0) + 1
    chosen = set(form["branches"].value() or ())
    choices: Iterable[Any] = form.fields["branches"].choices  # type: ignore[attr-defined]
    return [
        {"key": key, "label": label, "size": sizes[key], "chosen": key in chosen}
        for key, label in choices
    ]


def _shown(reading: Reading, plan: Loading) -> dict[str, Any]:
    """What a plan does, as the page lists it: the first of each kind, and how many there are."""
    counts = plan.counts_by_table
    groups = {
        kind: [
            (name.partition(":")[2], plan.labels[name])
            for name in plan.added
            if name.startswith(prefix)
        ]
        for kind, prefix in (
            ("Categories", "category:"),
            ("Attributes", "attribute:"),
            ("Values", "term:"),
        )
    }
    return {
        "figures": [
            ("New categories", counts["categories"]),
            ("New attributes", counts["attributes"]),
            ("New values", counts["terms"]),
            ("Changed", len(plan.changes)),
            ("Left alone", plan.same),
        ],
        "nothing": not plan.added and not plan.changes,
        "added": [
            {
                "kind": kind,
                "count": len(rows),
                "rows": rows[:SHOWN],
                "more": max(len(rows) - SHOWN, 0),
            }
            for kind, rows in groups.items()
            if rows
        ],
        "changes": [_changed(change) for change in plan.changes[:SHOWN]],
        "change_count": len(plan.changes),
        "more_changes": max(len(plan.changes) - SHOWN, 0),
        "left_out": plan.left_out[:SHOWN],
        "left_out_count": len(plan.left_out),
        "conflicts": plan.conflicts[:SHOWN],
        "conflict_count": len(plan.conflicts),
        "notes": reading.notes,
        "matched": list(reading.matched.items())[:SHOWN],
        "matched_count": len(reading.matched),
        "unmatched": reading.unmatched[:SHOWN],
        "unmatched_count": len(reading.unmatched),
    }


def _changed(change: Change) -> dict[str, Any]:
    return {
        "name": change.name.partition(":")[2],
        "label": change.label,
        "fields": [
            {
                "name": field.replace("_", " "),
                "before": _text(change.before[field]),
                "after": _text(after),
            }
            for field, after in change.after.items()
        ],
    }


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{label} ({language})" for language, label in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
