from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from tools.kinds.pricing import Pricing
from tools.kinds.pricing.options import MAX_EXCLUDED, PricingOptions

pytestmark = pytest.mark.django_db


@pytest.fixture
def shirt(make_product):
    variants = [{"sku": "S", "price": Decimal(30)}, {"sku": "L", "price": Decimal(45)}]
    return make_product("Shirt", variants=variants, color=None)


def form(product, **data):
    return Pricing().form(product, data)


def options(product, **data) -> PricingOptions:
    filled = form(product, **data)
    assert filled.is_valid(), filled.errors
    return PricingOptions.model_validate(filled.cleaned_data)


def test_an_empty_form_is_the_defaults(shirt):
    assert options(shirt, vat_included="on") == PricingOptions()


def test_everything_can_be_chosen(shirt):
    large = shirt.variants.get(sku="L")
    chosen = options(
        shirt,
        variant=str(large.pk),
        goal="premium",
        cost="12.50",
        vat_percent="19",
        fee_percent="2.9",
        fee_fixed="0.35",
        shipping="4",
        target_margin="40",
        minimum="39",
        excluded="own-3 row-9",
    )
    assert chosen.model_dump(mode="json") == {
        "variant": large.pk,
        "goal": "premium",
        "cost": "12.50",
        "vat_percent": "19",
        "vat_included": False,
        "fee_percent": "2.9",
        "fee_fixed": "0.35",
        "shipping": "4",
        "target_margin": "40",
        "minimum": "39",
        "excluded": ["own-3", "row-9"],
    }


def test_the_options_of_a_run_fill_the_form_again(shirt):
    chosen = options(shirt, cost="12.50", vat_included="on", excluded="own-3 row-9")
    filled = Pricing().form(shirt, initial=chosen.model_dump(mode="json"))
    again = {
        name: filled.get_initial_for_field(field, name) for name, field in filled.fields.items()
    }
    assert options(shirt, **{key: value for key, value in again.items() if value}) == chosen


def test_a_cost_of_nothing_is_a_cost(shirt):
    assert options(shirt, cost="0").cost == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cost", "-1"),
        ("cost", "cheap"),
        ("vat_percent", "101"),
        ("fee_percent", "100"),
        ("target_margin", "100"),
        ("minimum", "1e20"),
        ("goal", "ruin"),
        ("variant", "999999"),
        ("excluded", " ".join(f"own-{n}" for n in range(MAX_EXCLUDED + 1))),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(shirt, field, value):
    assert list(form(shirt, **{field: value}).errors) == [field]


def test_fees_and_margin_have_to_leave_something(shirt):
    filled = form(shirt, vat_percent="19", fee_percent="50", target_margin="45")
    assert "take the whole price" in filled.errors["target_margin"][0]


def test_variants_of_other_products_cannot_be_chosen(shirt, make_product):
    other = make_product("Mug", color=None).variants.get()
    assert "variant" in form(shirt, variant=str(other.pk)).errors


@pytest.mark.parametrize(
    "wrong",
    [
        {"unheard_of": 1},
        {"cost": "NaN"},
        {"cost": -1},
        {"target_margin": 100},
        {"excluded": ["<script>"]},
        {"excluded": ["own-1"] * (MAX_EXCLUDED + 1)},
    ],
)
def test_the_api_refuses_what_the_form_would(wrong):
    with pytest.raises(ValidationError):
        PricingOptions.model_validate(wrong)
