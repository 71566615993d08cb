"""The form of a rehearsal: twins of one change each, checked before anything is run."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.catalog.colours import staged
from tools.kinds.twin_simulator.form import TwinForm
from tools.kinds.twin_simulator.options import QUESTION, TwinOptions

pytestmark = pytest.mark.django_db
PLAIN = {"personas": 6, "rounds": 1, "seed": 1, "question": QUESTION, "control": "on"}


@pytest.fixture
def mug(make_product, vocabulary):
    photos = [staged("red", mark=1), staged("blue", mark=2)]
    return make_product("Mug", photos=photos, price="20.00")


def options_of(product, **values):
    form = TwinForm(product, {**PLAIN, **values})
    assert form.is_valid(), form.errors
    return TwinOptions.model_validate(form.cleaned_data)


def test_form_as_it_is_gives_the_default_options(mug):
    assert options_of(mug) == TwinOptions()


def test_each_twin_that_changes_something_becomes_one(mug):
    chosen = options_of(
        mug,
        b_change="price",
        b_value="-10%",
        c_change="",
        c_value="forgotten",
        d_change="color",
        d_value="blue",
        d_label="In blue",
    )
    assert [twin.model_dump() for twin in chosen.twins] == [
        {"label": "", "changes": [{"field": "price", "value": "-10%"}]},
        {"label": "In blue", "changes": [{"field": "color", "value": "blue"}]},
    ]


def test_photo_is_chosen_among_the_products_own(mug):
    other = mug.placements.order_by("position")[1].pk
    chosen = options_of(mug, b_change="photo", b_photo=str(other))
    assert chosen.twins[0].changes[0].value == str(other)
    assert not TwinForm(mug, {**PLAIN, "b_change": "photo", "b_photo": "999999"}).is_valid()


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"b_change": "price"}, "b_value", "Say what it should be"),
        ({"b_change": "price", "b_value": "cheap"}, "__all__", "Twin B: “cheap” is no price"),
        ({"personas": 99}, "personas", "less than or equal"),
        ({"question": "Would 80% of people buy it?"}, "question", "reaction in words"),
    ],
)
def test_what_cannot_work_is_said_before_anything_runs(mug, values, field, message):
    form = TwinForm(mug, {**PLAIN, **values})
    assert not form.is_valid()
    assert message in " ".join(form.errors[field])


def test_options_of_an_earlier_run_come_back_into_the_form(mug):
    twins = [{"label": "Cheaper", "changes": [{"field": "price", "value": "-10%"}]}]
    form = TwinForm(mug, initial=TwinOptions(twins=twins, seed=7).model_dump())
    assert form["seed"].value() == 7
    assert [form[f"b_{part}"].value() for part in ("change", "value", "label")] == [
        "price",
        "-10%",
        "Cheaper",
    ]


def test_page_has_the_form_without_any_script(client, mug, person):
    client.force_login(person)
    address = reverse("tools:tool", args=[mug.catalog.slug, mug.pk, "twin_simulator"])
    page = client.get(address).content.decode()
    for name in ("b_change", "c_value", "d_photo", "panel", "control"):
        assert f'name="{name}"' in page
    refused = client.post(address, {**PLAIN, "b_change": "price", "b_value": "cheap"})
    assert refused.status_code == 422
