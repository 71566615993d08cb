"""What may be chosen for a market research, and the form for it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from pydantic import BaseModel, ConfigDict, Field

from catalog.models import Product
from catalog.models.catalog import LANGUAGE
from prodintel.llm.facts import abilities
from prodintel.llm.types import Ability
from tools.competitors.selectors import lists_in

MAX_QUESTION = 300


class Options(BaseModel):
    """`lists` are ids of competitor lists; none means all. `rows` and `neighbours` are at most so many."""

    model_config = ConfigDict(extra="forbid")

    lists: list[int] = Field(default=[], max_length=100)
    rows: int = Field(default=30, ge=1, le=100)
    neighbours: int = Field(default=8, ge=0, le=24)
    question: str = Field(default="", max_length=MAX_QUESTION)
    language: str = Field(default="", pattern=r"^$|^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    web: bool = True


class OptionsForm(forms.Form):
    lists = forms.TypedMultipleChoiceField(
        label="Competitor lists",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="All of them where none is chosen.",
    )
    question = forms.CharField(
        label="What matters most",
        max_length=MAX_QUESTION,
        required=False,
        help_text="A question that the analysis should answer first.",
    )
    rows = forms.IntegerField(label="Offers to compare with", min_value=1, max_value=100)
    neighbours = forms.IntegerField(label="Own similar products", min_value=0, max_value=24)
    language = forms.CharField(
        max_length=20,
        required=False,
        validators=[LANGUAGE],
        help_text="A tag such as de; the catalogue's own language without one.",
    )
    web = forms.BooleanField(label="Search the web, too", required=False)

    def __init__(self, product: Product, data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial={**Options().model_dump(), **(initial or {})})
        choices = [(each.pk, f"{each.name} ({each.as_of})") for each in lists_in(product.catalog)]
        if choices:
            cast("forms.ChoiceField", self.fields["lists"]).choices = choices
        else:
            del self.fields["lists"]
        if Ability.SEARCH not in abilities():
            del self.fields["web"]
