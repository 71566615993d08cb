"""What may be chosen for a campaign."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from pydantic import BaseModel, ConfigDict, Field, field_validator

from catalog.models import Catalog
from catalog.models.catalog import LANGUAGE
from tools.kinds.ad_campaign.ads import VARIANTS
from tools.kinds.ad_campaign.channels import channels

MAX_TONE, MAX_AUDIENCE, MAX_OFFER = 80, 200, 300
MAX_VOICE = 1500


def _all_channels() -> list[str]:
    return list(channels())


class Options(BaseModel):
    """Empty texts stand for the catalogue's own, or for nothing in particular."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    channels: list[str] = Field(default_factory=_all_channels, min_length=1)
    variants: int = Field(default=1, ge=1, le=len(VARIANTS))
    offer: str = Field(default="", max_length=MAX_OFFER)
    audience: str = Field(default="", max_length=MAX_AUDIENCE)
    tone: str = Field(default="", max_length=MAX_TONE)
    language: str = Field(default="", max_length=20)
    brand_voice: str = Field(default="", max_length=MAX_VOICE)

    @field_validator("language")
    @classmethod
    def _language_tag(cls, tag: str) -> str:
        if tag:
            try:
                LANGUAGE(tag)
            except ValidationError as error:
                raise ValueError(error.message) from error
        return tag

    @field_validator("channels")
    @classmethod
    def _known(cls, chosen: list[str]) -> list[str]:
        if unknown := [key for key in chosen if key not in channels()]:
            raise ValueError(f"no such channel: {', '.join(unknown)}")
        return [key for key in channels() if key in chosen]


class CampaignForm(forms.Form):
    channels = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    offer = forms.CharField(
        max_length=MAX_OFFER,
        required=False,
        help_text="Such as “20 % off until Sunday, free delivery”. Ads promise nothing that "
        "stands neither here nor in the catalogue.",
    )
    audience = forms.CharField(
        max_length=MAX_AUDIENCE, required=False, help_text="Who is spoken to."
    )
    tone = forms.CharField(
        max_length=MAX_TONE, required=False, help_text="Such as “dry and factual”."
    )
    language = forms.CharField(max_length=20, required=False, validators=[LANGUAGE])
    brand_voice = forms.CharField(
        max_length=MAX_VOICE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="In place of the catalogue's, for this campaign.",
    )
    variants = forms.TypedChoiceField(
        label="Variants of each ad",
        coerce=int,
        choices=[(number, str(number)) for number in range(1, len(VARIANTS) + 1)],
        help_text="To try against each other.",
    )

    def __init__(self, catalog: Catalog, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["channels"]
        assert isinstance(chosen, forms.MultipleChoiceField)
        chosen.choices = [(key, channel.title) for key, channel in channels().items()]
        chosen.initial = list(channels())
        self.fields["variants"].initial = 1
        self.fields[
            "language"
        ].help_text = f"A tag such as {catalog.language}, the catalogue's own."
        self.fields["brand_voice"].widget.attrs["placeholder"] = catalog.brand_voice[:MAX_VOICE]
