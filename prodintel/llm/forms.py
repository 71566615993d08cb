from __future__ import annotations

from django import forms
from django.core.validators import MinLengthValidator, RegexValidator

from prodintel.llm.credentials import MAX_LENGTH

SHORTEST = 8


class KeyForm(forms.Form):
    """A key as the provider's console shows it. Whatever was typed is never shown again."""

    key = forms.CharField(
        label="Key",
        max_length=MAX_LENGTH,
        widget=forms.PasswordInput(
            attrs={"class": "input", "autocomplete": "off", "spellcheck": "false"}
        ),
        # It travels in a header, which carries nothing else.
        validators=[
            RegexValidator(r"\A[!-~]+\Z", "A key has letters, digits and signs, without spaces."),
            MinLengthValidator(SHORTEST, "That is too short for a key."),
        ],
        help_text="Kept encrypted. Only its last four characters are shown again.",
    )
