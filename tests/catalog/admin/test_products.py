from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.models import CurrentAttribute, LedgerEntry, PhotoRole, Product
from catalog.services.ledger import attribute_set
from catalog.services.products import product_add_photos
from catalog.services.variants import variant_create
from tests.catalog.admin.browser_form import texts
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(make_product, vocabulary, person):
    product = make_product("Mug", sku="M-1", tags=["kitchen"], price=Decimal(5))
    attribute_set(product=product, field="category", value="home/kitchen/mugs", actor=person)
    attribute_set(product=product, field="color", value=["red", "blue"], actor=person)
    return product


def value_of(product, field):
    return CurrentAttribute.objects.get(product=product, field=field).value


def test_saving_a_product_unchanged_changes_nothing(form_of, mug):
    before = LedgerEntry.objects.count()
    answer = form_of(mug).save()
    assert "successfully" in texts(answer)[0]
    assert LedgerEntry.objects.count() == before
    mug.refresh_from_db()
    assert mug.category.path == "home/kitchen/mugs"


def test_changing_the_title_keeps_the_category(form_of, mug):
    form = form_of(mug)
    form["title"] = "Cup"
    form.save()
    mug.refresh_from_db()
    assert (mug.title, mug.category.path) == ("Cup", "home/kitchen/mugs")
    assert value_of(mug, "category") == ["home/kitchen/mugs"]


def test_the_extra_row_of_attributes_chooses_nothing(form_of, mug):
    form = form_of(mug)
    rows = int(form["current_attributes-TOTAL_FORMS"])
    assert form[f"current_attributes-{rows - 1}-field"] == ""


def test_an_attribute_is_added(form_of, mug):
    form = form_of(mug)
    row = form.row_of("current_attributes", "field", "")
    form[f"{row}field"], form[f"{row}text"] = "material", "wood"
    form.save()
    assert value_of(mug, "material") == ["wood"]


def test_several_values_of_a_choice_stand_with_commas(form_of, mug):
    form = form_of(mug)
    row = form.row_of("current_attributes", "text", "red, blue")
    form[f"{row}text"] = "red, green"
    form.save()
    assert value_of(mug, "color") == ["red", "green"]


def test_a_text_with_commas_stays_one_value(form_of, mug):
    form = form_of(mug)
    row = form.row_of("current_attributes", "field", "")
    form[f"{row}field"], form[f"{row}text"] = "composition", "80% cotton, 20% linen"
    form.save()
    assert value_of(mug, "composition") == ["80% cotton, 20% linen"]


def test_a_decimal_comma_is_one_number(form_of, mug):
    form = form_of(mug)
    row = form.row_of("current_attributes", "field", "")
    form[f"{row}field"], form[f"{row}text"] = "height", "1,5"
    form.save()
    assert value_of(mug, "height") == [1.5]


def test_several_texts_with_commas_stay_as_many(form_of, mug, person):
    attribute_set(
        product=mug, field="composition", value=["shell: wool, silk", "lining: silk"], actor=person
    )
    form = form_of(mug)
    row = form.row_of("current_attributes", "text", "shell: wool, silk | lining: silk")
    form[f"{row}text"] = "shell: wool, silk | lining: cotton"
    form.save()
    assert value_of(mug, "composition") == ["shell: wool, silk", "lining: cotton"]


def test_an_attribute_is_emptied_on_purpose_alone(form_of, mug):
    form = form_of(mug)
    row = form.row_of("current_attributes", "text", "red, blue")
    form[f"{row}text"] = ""
    answer = form.save()
    assert b"empty on purpose" in answer.content
    assert value_of(mug, "color") == ["red", "blue"]
    form[f"{row}empty"] = "on"
    form.save()
    assert value_of(mug, "color") is None


def test_an_emptied_attribute_gets_a_value_again(form_of, mug, person):
    attribute_set(product=mug, field="color", value=None, actor=person)
    form = form_of(mug)
    row = form.row_of("current_attributes", "empty", "on")
    form[f"{row}text"] = "red"
    assert b"not both" in form.save().content
    del form.fields[f"{row}empty"]
    form.save()
    assert value_of(mug, "color") == ["red"]


def test_a_chosen_field_without_a_value_is_refused(form_of, mug):
    form = form_of(mug)
    row = form.row_of("current_attributes", "field", "")
    form[f"{row}field"] = "material"
    assert b"empty on purpose" in form.save().content
    assert not CurrentAttribute.objects.filter(field="material").exists()


def test_a_value_outside_the_list_is_refused_beside_its_field(form_of, mug):
    form = form_of(mug)
    row = form.row_of("current_attributes", "field", "")
    form[f"{row}field"], form[f"{row}text"] = "material", "jelly"
    assert b"is not one of its values" in form.save().content


def test_a_product_is_saved_whose_attribute_left_the_vocabulary(form_of, mug, vocabulary):
    vocabulary["color"].delete()
    form = form_of(mug)
    form["title"] = "Cup"
    form.save()
    assert value_of(mug, "color") == ["red", "blue"]
    mug.refresh_from_db()
    assert mug.title == "Cup"


def test_a_taken_sku_is_refused_beside_its_field(form_of, mug, make_product):
    make_product("Cup", sku="C-1")
    form = form_of(mug)
    form["variants-0-sku"] = "C-1"
    assert b"Another product of this catalogue has this SKU." in form.save().content
    assert mug.variants.get().sku == "M-1"


def test_a_gtin_that_is_none_is_refused_beside_its_field(form_of, mug):
    form = form_of(mug)
    form["variants-0-gtin"] = "4006381333930"
    assert b"The check digit of 4006381333930 should be 1" in form.save().content
    assert mug.variants.get().gtin == ""


def test_a_wrong_gtin_that_stands_there_keeps_nothing_else_from_being_changed(form_of, mug):
    mug.variants.update(gtin="4006381333930")
    form = form_of(mug)
    form["variants-0-price"] = "7"
    form.save()
    variant = mug.variants.get()
    assert (variant.price, variant.gtin) == (Decimal(7), "4006381333930")


def test_two_new_variants_with_one_sku_are_refused(form_of, mug):
    form = form_of(mug)
    form.add_row("variants", sku="M-2")
    form.add_row("variants", sku="M-2")
    answer = form.save()
    assert any("SKU" in text for text in texts(answer))
    assert mug.variants.count() == 1


def test_a_variant_is_added_in_the_currency_of_the_catalogue(form_of, mug):
    form = form_of(mug)
    form.add_row("variants", sku="M-2", price="7.50")
    form.save()
    added = mug.variants.get(sku="M-2")
    assert (added.price, added.currency) == (Decimal("7.5"), "EUR")


def test_a_new_variant_takes_the_place_of_the_only_one(form_of, mug):
    form = form_of(mug)
    form["variants-0-DELETE"] = "on"
    form.add_row("variants", sku="M-2")
    form.save()
    assert [variant.sku for variant in mug.variants.alive()] == ["M-2"]


def test_the_last_variant_stays(form_of, mug):
    form = form_of(mug)
    form["variants-0-DELETE"] = "on"
    assert "at least one variant" in texts(form.save())[0]
    assert mug.variants.alive().count() == 1


def test_a_photo_belongs_to_a_living_variant_of_its_product(form_of, mug, make_product, person):
    make_product("Cup", sku="C-1")
    gone = variant_create(product=mug, actor=person, sku="M-2")
    gone.deleted_at = mug.created_at
    gone.save()
    form = form_of(mug)
    assert form.choices["placements-0-variant"] == ["", str(mug.variants.get(sku="M-1").pk)]


def test_another_photo_becomes_the_main_one(form_of, mug, person):
    product_add_photos(product=mug, photos=[staged("blue", mark=99)], actor=person)
    form = form_of(mug)
    row = form.row_of("placements", "role", PhotoRole.DETAIL)
    form[f"{row}role"] = PhotoRole.MAIN
    form.save()
    roles = {placement.pk: placement.role for placement in mug.placements.all()}
    assert roles.pop(int(form[f"{row}id"])) == PhotoRole.MAIN
    assert list(roles.values()) == [PhotoRole.DETAIL]


def test_two_photos_change_places(form_of, mug, person):
    product_add_photos(product=mug, photos=[staged("blue", mark=99)], actor=person)
    form = form_of(mug)
    old = form.row_of("placements", "role", PhotoRole.MAIN)
    new = form.row_of("placements", "role", PhotoRole.DETAIL)
    form[f"{old}role"], form[f"{new}role"] = PhotoRole.SWATCH, PhotoRole.MAIN
    form.save()
    roles = {str(placement.pk): placement.role for placement in mug.placements.all()}
    assert roles == {form[f"{old}id"]: PhotoRole.SWATCH, form[f"{new}id"]: PhotoRole.MAIN}


def test_tags_are_written_with_commas(form_of, mug):
    form = form_of(mug)
    assert form["tags"] == "kitchen"
    form["tags"] = "kitchen, tea ,, tea"
    form.save()
    mug.refresh_from_db()
    assert mug.tags == ["kitchen", "tea"]


def test_money_is_shown_as_people_write_it(form_of, mug):
    form = form_of(mug)
    assert form["variants-0-price"] == "5.00"


def test_tags_are_emptied(form_of, mug):
    form = form_of(mug)
    form["tags"] = ""
    form.save()
    mug.refresh_from_db()
    assert mug.tags == []


def test_a_new_product_gets_a_handle_and_a_variant(form_of, catalog, boss):
    form = form_of(Product)
    form["catalog"], form["title"] = catalog.pk, "Tea pot"
    form.save()
    product = Product.objects.get()
    assert (product.handle, product.created_by) == ("tea-pot", boss)
    assert product.variants.count() == 1


def test_deleting_a_product_hides_it_and_keeps_its_rows(browser, mug):
    address = reverse("admin:catalog_product_delete", args=[mug.pk])
    assert browser.get(address).status_code == 200
    browser.post(address, {"post": "yes"})
    mug.refresh_from_db()
    assert mug.deleted_at is not None
    assert mug.ledger.count() == 2


def test_selected_products_are_deleted_together(browser, mug, make_product):
    cup = make_product("Cup")
    form = {"action": "delete_selected", "_selected_action": [mug.pk, cup.pk], "post": "yes"}
    browser.post(reverse("admin:catalog_product_changelist"), form)
    assert not Product.objects.alive().exists()
