"""Forms: fields and their labels. What they save goes through services."""

from __future__ import annotations

from typing import Any

from django import forms

from catalog.models import Catalog, PhotoRole, Product, Role, Variant
from catalog.money import short_money


class CatalogForm(forms.ModelForm):
    class Meta:
        model = Catalog
        fields = ["name", "currency", "language", "brand_voice"]
        widgets = {"brand_voice": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "currency": "Three letters, such as EUR. Prices in other currencies are kept apart.",
            "language": "The language of titles and descriptions, such as en or de.",
            "brand_voice": "How texts should sound. Tools that write for this catalogue read it.",
        }

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"].upper()


class NewCatalogForm(CatalogForm):
    """What a catalogue needs to begin with; its brand voice comes with its settings."""

    class Meta(CatalogForm.Meta):
        fields = ["name", "currency", "language"]


class MemberForm(forms.Form):
    username = forms.CharField(max_length=150, label="User name")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.EDITOR)


class TaggedForm(forms.ModelForm):
    """A form of a product in which tags are written with commas."""

    tags = forms.CharField(required=False, help_text="Separate them with commas.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["tags"] = ", ".join(self.instance.tags)

    def clean_tags(self) -> list[str]:
        words = (word.strip() for word in self.cleaned_data["tags"].split(","))
        return list(dict.fromkeys(word[:60] for word in words if word))


class ProductForm(TaggedForm):
    """The product's own fields; tags are written with commas.

    The status is moved by itself, on the product's page: a form that stood open while somebody
    approved would take the approval back.
    """

    product_url = forms.URLField(
        required=False, max_length=500, label="Address in the shop", assume_scheme="https"
    )

    class Meta:
        model = Product
        fields = ["title", "description", "brand", "tags", "product_url"]
        widgets = {"description": forms.Textarea(attrs={"rows": 5})}

    def _post_clean(self) -> None:
        """Constraints are the service's to check; the form keeps its instance untouched."""


class VariantForm(forms.ModelForm):
    class Meta:
        model = Variant
        fields = [
            "sku",
            "gtin",
            "mpn",
            "option1_name",
            "option1_value",
            "option2_name",
            "option2_value",
            "option3_name",
            "option3_value",
            "price",
            "compare_at_price",
            "cost",
            "currency",
            "weight_grams",
            "availability",
            "condition",
        ]
        labels = {
            "option1_name": "Option 1",
            "option1_value": "Value",
            "option2_name": "Option 2",
            "option2_value": "Value",
            "option3_name": "Option 3",
            "option3_value": "Value",
            "weight_grams": "Weight in grams",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # What was shown comes back with the form: the rest may have been changed by others.
            field.show_hidden_initial = True
        short_money(self.initial)

    def changes(self) -> dict[str, Any]:
        """What the person changed, of what was shown."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def _post_clean(self) -> None:
        """Constraints are the service's to check; the form keeps its instance untouched."""


class PlacementForm(forms.Form):
    role = forms.ChoiceField(choices=PhotoRole.choices, required=False)
    alt_text = forms.CharField(max_length=300, required=False, label="Alternative text")
    variant = forms.ModelChoiceField(Variant.objects.none(), required=False, empty_label="All")

    def __init__(self, product: Product, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["variant"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = product.variants.filter(deleted_at=None)
