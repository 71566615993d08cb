"""What may be chosen for an analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from django import forms
from pydantic import BaseModel, ConfigDict, Field

Suggestion = Literal["title", "description", "meta_description", "alt_text", "attributes"]
SUGGESTIONS: dict[Suggestion, str] = {
    "title": "SEO title",
    "description": "Description",
    "meta_description": "Meta description",
    "alt_text": "Alternative texts of photos",
    "attributes": "Attributes that are missing",
}
MAX_AUDIENCE = 120
MAX_TONE = 80


class Options(BaseModel):
    """Texts are written in the catalogue's language: it keeps its texts in no other."""

    model_config = ConfigDict(extra="forbid")

    audience: str = Field("", max_length=MAX_AUDIENCE)
    tone: str = Field("", max_length=MAX_TONE)
    suggest: list[Suggestion] = Field(list(SUGGESTIONS), max_length=len(SUGGESTIONS))


class OptionsForm(forms.Form):
    audience = forms.CharField(
        max_length=MAX_AUDIENCE,
        required=False,
        help_text="Whom the texts speak to. Without it the analysis says whom the product suits.",
    )
    tone = forms.CharField(
        max_length=MAX_TONE,
        required=False,
        help_text="Such as “plain and warm”; the catalogue's brand voice without it.",
    )
    suggest = forms.MultipleChoiceField(
        label="Suggest",
        choices=list(SUGGESTIONS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Each can then be used with one click, and waits in the review queue.",
    )

    def __init__(self, data: Any = None, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={**Options().model_dump(), **(initial or {})})
