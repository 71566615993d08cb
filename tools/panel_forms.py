"""Forms of panels of simulated shoppers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory

from tools.models import Panel
from tools.personas import MOST, Persona

DEFAULT_COUNT = 6


class PanelForm(forms.ModelForm):
    class Meta:
        model = Panel
        fields = ["name", "audience", "category"]
        labels = {"category": "What they shop for"}
        help_texts = {"category": "In words, such as “mugs”."}

    def _post_clean(self) -> None:
        """Constraints are the service's to check; the form keeps its instance untouched."""


class NewPanelForm(PanelForm):
    """A panel to be suggested."""

    count = forms.IntegerField(label="Shoppers", min_value=1, max_value=MOST, initial=DEFAULT_COUNT)
    seed = forms.IntegerField(
        min_value=0,
        max_value=1_000_000,
        initial=1,
        help_text="The same number draws the same shoppers.",
    )
    by_model = forms.BooleanField(
        required=False,
        initial=True,
        label="Let the language model make them concrete",
        help_text="Without it they are put together from templates.",
    )

    def __init__(self, *args: Any, has_model: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_model:
            del self.fields["by_model"]


class PersonaForm(forms.Form):
    name = forms.CharField(max_length=60)
    about = forms.CharField(max_length=400, required=False, widget=forms.Textarea({"rows": 2}))
    needs = forms.CharField(max_length=400, required=False, widget=forms.Textarea({"rows": 2}))
    budget = forms.CharField(max_length=200, required=False)
    sceptical_of = forms.CharField(max_length=300, required=False)


def personas_of(people: BaseFormSet) -> list[Persona]:
    """The shoppers of a valid formset that are left, in order."""
    return [
        Persona.model_validate(form.cleaned_data)
        for form in people.forms
        if form.cleaned_data.get("name") and not form.cleaned_data.get("DELETE")
    ]


class PeopleFormSet(BaseFormSet):
    def clean(self) -> None:
        if not any(self.errors) and not personas_of(self):
            raise ValidationError("A panel has at least one shopper.")


People = formset_factory(
    PersonaForm,
    formset=PeopleFormSet,
    extra=1,
    can_delete=True,
    max_num=MOST,
    absolute_max=MOST + 1,
    validate_max=True,
)
