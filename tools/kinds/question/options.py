from __future__ import annotations

from typing import Any

from django import forms
from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_QUESTION = 500


class Options(BaseModel):
    """`photos`: they may be looked at where words do not tell."""

    model_config = ConfigDict(extra="forbid")
    question: str = Field("", max_length=MAX_QUESTION)
    photos: bool = True

    @field_validator("question")
    @classmethod
    def _is_one_line(cls, text: str) -> str:
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())


class QuestionForm(forms.Form):
    question = forms.CharField(
        max_length=MAX_QUESTION,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "What would you like to know?"}),
    )
    photos = forms.BooleanField(
        required=False,
        initial=True,
        label="Look at the photos where the words do not tell",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # It may come onto the page of a conversation, which has the box that asks.
        self.auto_id = "question-%s"
