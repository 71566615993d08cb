"""What may be chosen for a run of the pricing tool."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django import forms
from pydantic import BaseModel, ConfigDict, Field

from catalog.models import Product, Variant
from catalog.money import short_money
from tools.kinds.pricing.suggestion import Goal

MAX_AMOUNT = Decimal(10) ** 10
MAX_EXCLUDED = 200
GOALS = {
    "match": "Match: the middle of what comparables cost",
    "premium": "Premium: the upper quarter of what comparables cost",
    "margin": "Margin: the lowest price with the target margin, within the range",
}
Amount = Annotated[Decimal, Field(ge=0, lt=MAX_AMOUNT, allow_inf_nan=False, decimal_places=4)]
Percent = Annotated[Decimal, Field(ge=0, le=100, allow_inf_nan=False, decimal_places=2)]
PartPercent = Annotated[Decimal, Field(ge=0, lt=100, allow_inf_nan=False, decimal_places=2)]
Key = Annotated[str, Field(pattern=r"^[a-z0-9:_-]{1,40}$")]


class PricingOptions(BaseModel):
    """Amounts are in the variant's currency; `variant` None is the first that has a price.

    `cost` None takes the variant's own, `minimum` is the lowest price that may be advertised.
    `excluded` are the keys of comparables that do not count.
    """

    model_config = ConfigDict(extra="forbid")

    variant: int | None = None
    goal: Goal = "match"
    cost: Amount | None = None
    vat_percent: Percent = Decimal(0)
    vat_included: bool = True
    fee_percent: PartPercent = Decimal(0)
    fee_fixed: Amount = Decimal(0)
    shipping: Amount = Decimal(0)
    target_margin: PartPercent = Decimal(30)
    minimum: Amount | None = None
    excluded: Annotated[list[Key], Field(max_length=MAX_EXCLUDED)] = []


def _amount(label: str, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_value=MAX_AMOUNT - 1,
        max_digits=14,
        decimal_places=4,
        help_text=help_text,
    )


def _percent(
    label: str, most: str, help_text: str = "", initial: Decimal | None = None
) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        initial=initial,
        required=False,
        min_value=0,
        max_value=Decimal(most),
        decimal_places=2,
        help_text=help_text,
    )


class PricingForm(forms.Form):
    """The options of a product. What is left empty has the default of `PricingOptions`."""

    variant = forms.ModelChoiceField(
        Variant.objects.none(), required=False, empty_label="The first one that has a price"
    )
    goal = forms.ChoiceField(choices=GOALS.items(), required=False, initial="match")
    cost = _amount(
        "Cost",
        "What one costs you without VAT. Left empty, the variant's own cost. Where a language model is "
        "connected, it is told cost, fees and margins, to put them into words.",
    )
    vat_percent = _percent("VAT rate in %", "100")
    vat_included = forms.BooleanField(label="Prices include VAT", required=False, initial=True)
    fee_percent = _percent(
        "Fees in %", "99.99", "Of payment and marketplace, taken of what the customer pays."
    )
    fee_fixed = _amount("Fixed fee a sale", "Without VAT.")
    shipping = _amount("Shipping that you pay a sale", "Without VAT.")
    target_margin = _percent(
        "Target margin in %",
        "99.99",
        "Profit as a share of the price without VAT.",
        PricingOptions().target_margin,
    )
    minimum = _amount(
        "Minimum advertised price", "Nothing below it is suggested. Includes VAT if prices do."
    )
    excluded = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, product: Product, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["variant"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = product.variants.filter(deleted_at=None)
        short_money(self.initial)
        if isinstance(self.initial.get("excluded"), list):
            self.initial["excluded"] = " ".join(self.initial["excluded"])

    def clean_variant(self) -> int | None:
        variant = self.cleaned_data["variant"]
        return variant.pk if variant else None

    def clean_excluded(self) -> list[str]:
        keys = self.cleaned_data["excluded"].split()
        if len(keys) > MAX_EXCLUDED:
            raise forms.ValidationError(f"Leave out at most {MAX_EXCLUDED} comparables.")
        return keys

    def clean(self) -> dict[str, Any]:
        """Empty fields are left to the defaults; fees and margin have to leave something."""
        given = {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in (None, "") or name == "variant"
        }
        vat = given.get("vat_percent", Decimal(0))
        fees = given.get("fee_percent", Decimal(0)) * (100 + vat) / 100
        margin = given.get("target_margin", PricingOptions().target_margin)
        if fees + margin >= 100:  # noqa: PLR2004 -- all of the price
            self.add_error(
                "target_margin",
                "Fees, which are taken of the price with VAT, and this margin together take the "
                "whole price. Lower one of them.",
            )
        return given
