"""Labels as a small form: a text a language, and room for another language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import INPUT_CLASSES

from catalog.models import Catalog
from catalog.models.catalog import LANGUAGE
from catalog.models.shapes import check_labels

# What a row for a language that is not listed yet is called in the form's data.
NEW = "+"


def languages_in_use() -> list[str]:
    """English and the languages of catalogues."""
    own = Catalog.objects.alive().order_by("language").values_list("language", flat=True)
    return list(dict.fromkeys(["en", *own.distinct()]))


class LabelsWidget(forms.Widget):
    """The field NAME as `NAME.LANGUAGE` texts, and `NAME.+` with `NAME.+.label` for one more."""

    template_name = "catalog/admin/labels.html"

    def __init__(self, languages: Sequence[str] = ("en",), attrs: Any = None) -> None:
        super().__init__(attrs)
        self.languages = languages

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        # Of the site's templates: the forms' own renderer knows only those of apps.
        del renderer
        return render_to_string(template_name, context)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        labels = value if isinstance(value, Mapping) else {}
        context["rows"] = [
            {"name": f"{name}.{language}", "language": language, "label": labels.get(language, "")}
            for language in dict.fromkeys([*self.languages, *labels])
        ]
        context["new"] = f"{name}.{NEW}"
        context["classes"] = " ".join(INPUT_CLASSES)
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        del files
        new = f"{name}.{NEW}"
        labels = {
            key.removeprefix(f"{name}."): str(data.get(key)).strip()
            for key in data
            if key.startswith(f"{name}.") and not key.startswith(new)
        }
        language, label = (str(data.get(key, "")).strip() for key in (new, f"{new}.label"))
        if language or label:
            labels[language] = label
        return {language: label for language, label in labels.items() if label or not language}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        del files
        return not any(key.startswith(f"{name}.") for key in data)

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_{self.languages[0]}" if id_ and self.languages else id_


class LabelsField(forms.Field):
    """A dictionary of labels by language; its messages say what to do."""

    widget = LabelsWidget

    def clean(self, value: Any) -> dict[str, str]:
        labels = dict(value or {})
        if "" in labels:
            raise ValidationError("Give the language's tag beside its label, such as de.")
        for language in labels:
            LANGUAGE(language)
        check_labels(labels)
        return labels

    def has_changed(self, initial: Any, data: Any) -> bool:
        return dict(initial or {}) != dict(data or {})
