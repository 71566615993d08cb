"""Acts on cells: what a plan says, what doing it changes, what undoing brings back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from catalog.grid.edits import grid_apply, grid_undo, grid_write
from catalog.grid.operations import CellText
from catalog.models import Batch, CurrentAttribute, GridChange, GridEdit, Product, Source, Variant
from catalog.services.going_back import batch_undo
from catalog.services.ledger import MachineValue, machine_values_record
from catalog.services.products import product_update
from catalog.services.statuses import products_set_status

pytestmark = pytest.mark.django_db
TITLE, PRICE, MATERIAL = "product.title", "variant.price", "attribute.material"
STATUS = "product.status"


def current(product, field, variant=None, locale=""):
    row = CurrentAttribute.objects.filter(
        product=product, field=field, variant=variant, locale=locale
    ).first()
    return row and (row.value, row.source, row.locked)


def planned(edit):
    return [
        (change.product_id, cell["variant"], cell["column"], cell["before"], cell["after"])
        for change in edit.changes.order_by("product_id")
        for cell in change.cells
    ]


def refusals(edit):
    return [cell["message"] for change in edit.changes.all() for cell in change.refused]


def test_a_plan_changes_nothing(make_product, plan):
    mug = make_product("Red mug", price=Decimal(5))
    edit = plan("replace", ids=[mug.pk], columns=(TITLE,), find="red", text="Blue")
    assert planned(edit) == [(mug.pk, None, TITLE, "Red mug", "Blue mug")]
    mug.refresh_from_db()
    assert mug.title == "Red mug"


def test_a_plan_counts_what_is_locked_and_approved(make_product, plan, say, person):
    mug, stool = make_product("Mug"), make_product("Stool")
    say(mug, "material", "wood")
    products_set_status(products=[mug], status="approved", actor=person)
    edit = plan("set", ids=[mug.pk, stool.pk], columns=(MATERIAL,), text="steel")
    assert edit.counts == {
        "cells": 2,
        "products": 2,
        "refused": 0,
        "locked": 1,
        "approved": 1,
        "unread": 0,
    }


def test_applying_writes_columns_and_attributes_as_the_person(make_product, plan, person):
    mug = make_product("Mug", price=Decimal(5))
    edit = plan(
        cells=[
            (str(mug.pk), TITLE, "Enamel mug"),
            (str(mug.pk), PRICE, "7,50"),
            (str(mug.pk), MATERIAL, "steel"),
        ]
    )
    result = grid_apply(edit=edit, actor=person).result
    assert (result["changed"], result["products"]) == (3, 1)
    mug.refresh_from_db()
    assert (mug.title, mug.variants.get().price) == ("Enamel mug", Decimal("7.5"))
    assert current(mug, "material") == (["steel"], Source.PERSON, True)


def test_undo_brings_back_columns_and_the_word_that_stood_in_attributes(make_product, plan, person):
    mug, stool = make_product("Mug", price=Decimal("5.1234")), make_product("Stool")
    said = {mug: [MachineValue("material", ["wood"], 0.6)]}
    machine_values_record(said=said, source=Source.VISION_LLM, model="m")
    before = current(mug, "material")
    cells = [
        (str(mug.pk), PRICE, "1"),
        (str(mug.pk), MATERIAL, "steel"),
        (str(stool.pk), TITLE, "Bench"),
        (str(stool.pk), MATERIAL, ""),
    ]
    edit = plan(cells=cells)
    grid_apply(edit=edit, actor=person)
    result = grid_undo(edit=edit, actor=person).result
    assert (result["changed"], result["left"]) == (3, 0)
    assert mug.variants.get().price == Decimal("5.1234")
    assert current(mug, "material") == before
    stool.refresh_from_db()
    assert stool.title == "Stool"


def test_undo_leaves_what_somebody_changed_since(make_product, plan, person, say):
    mug, stool = make_product("Mug"), make_product("Stool")
    rows = (str(mug.pk), str(stool.pk))
    edit = plan("set", rows=rows, columns=(TITLE, MATERIAL), text="wood")
    grid_apply(edit=edit, actor=person)
    mug.refresh_from_db()
    product_update(product=mug, actor=person, fields={"title": "Mine"})
    say(mug, "material", "cotton")
    result = grid_undo(edit=edit, actor=person).result
    assert (result["changed"], result["left"]) == (2, 2)
    mug.refresh_from_db()
    assert mug.title == "Mine"
    assert current(mug, "material")[0] == ["cotton"]
    assert current(stool, "material") is None


def test_undo_of_one_product_takes_back_its_attributes_without_a_batch(make_product, plan, person):
    mug = make_product("Mug")
    edit = plan(cells=[(str(mug.pk), MATERIAL, "steel")])
    grid_apply(edit=edit, actor=person)
    assert not Batch.objects.exists()
    grid_undo(edit=edit, actor=person)
    assert current(mug, "material") is None


def test_what_changed_since_the_plan_is_left_alone_and_counted(make_product, plan, person):
    mug, stool = make_product("Mug"), make_product("Stool")
    edit = plan("set", ids=[mug.pk, stool.pk], columns=("product.brand",), text="Acme")
    product_update(product=mug, actor=person, fields={"brand": "Other"})
    result = grid_apply(edit=edit, actor=person).result
    assert (result["changed"], result["left"]) == (1, 1)
    assert Product.objects.get(pk=mug.pk).brand == "Other"


def test_a_deleted_product_is_left_alone(make_product, plan, person):
    mug = make_product("Mug")
    edit = plan("set", ids=[mug.pk], columns=(TITLE,), text="Cup")
    Product.objects.filter(pk=mug.pk).update(deleted_at=mug.created_at)
    assert grid_apply(edit=edit, actor=person).result["left"] == 1


def test_values_that_do_not_fit_are_refused_and_the_others_written(make_product, plan, person):
    mug = make_product("Mug")
    edit = plan(cells=[(str(mug.pk), PRICE, "cheap"), (str(mug.pk), TITLE, "Cup")])
    assert refusals(edit) == ["“cheap” is not an amount. Write it like 1234.50."]
    assert grid_apply(edit=edit, actor=person).result["changed"] == 1


def test_a_sku_of_another_product_is_refused_in_the_plan(make_product, plan):
    make_product("Mug", sku="A")
    stool = make_product("Stool", sku="B")
    edit = plan(cells=[(str(stool.pk), "variant.sku", "A")])
    assert refusals(edit) == ["Another product of this catalogue has this SKU."]
    assert planned(edit) == []


def test_a_sku_taken_after_the_plan_is_refused_and_the_other_fields_are_written(
    make_product, plan, person
):
    stool = make_product("Stool", sku="B")
    edit = plan(cells=[(str(stool.pk), "variant.sku", "A"), (str(stool.pk), PRICE, "4")])
    make_product("Mug", sku="A")
    result = grid_apply(edit=edit, actor=person).result
    assert (result["changed"], result["refused"]) == (1, 1)
    assert Variant.objects.get(product=stool).sku == "B"
    assert Variant.objects.get(product=stool).price == Decimal(4)


def test_one_sku_for_many_is_refused(make_product, plan):
    ids = [make_product().pk, make_product().pk]
    assert len(refusals(plan("set", ids=ids, columns=("variant.sku",), text="X"))) == 2


def test_variants_have_rows_of_their_own(make_product, plan, person):
    shirt = make_product("Shirt", variants=[{"sku": "S"}, {"sku": "M"}])
    small, medium = shirt.variants.all()
    edit = plan("set", ids=[shirt.pk], columns=(PRICE, TITLE), text="9")
    assert planned(edit) == [
        (shirt.pk, None, TITLE, "Shirt", "9"),
        (shirt.pk, small.pk, PRICE, "", "9.00"),
        (shirt.pk, medium.pk, PRICE, "", "9.00"),
    ]
    grid_apply(edit=edit, actor=person)
    assert set(shirt.variants.values_list("price", flat=True)) == {Decimal(9)}


def test_an_attribute_of_a_variant_is_its_own(make_product, plan, person, say):
    shirt = make_product("Shirt", variants=[{"sku": "S"}, {"sku": "M"}])
    say(shirt, "color", ["red"])
    small = shirt.variants.first()
    edit = plan(cells=[(f"{shirt.pk}-{small.pk}", "attribute.color", "Blue")])
    grid_apply(edit=edit, actor=person)
    assert current(shirt, "color", small)[0] == ["blue"]
    assert current(shirt, "color")[0] == ["red"]
    grid_undo(edit=edit, actor=person)
    assert current(shirt, "color", small) is None


def test_a_text_in_another_language_is_kept_apart(make_product, plan, person):
    mug = make_product("Mug")
    edit = plan(cells=[(str(mug.pk), "attribute.composition@de", "Emaille")])
    grid_apply(edit=edit, actor=person)
    assert current(mug, "composition", locale="de")[0] == ["Emaille"]
    assert current(mug, "composition") is None


def test_a_cell_that_the_row_does_not_have_is_refused(make_product, plan):
    shirt = make_product("Shirt", variants=[{"sku": "S"}, {"sku": "M"}])
    assert "There is no such cell" in refusals(plan(cells=[(str(shirt.pk), PRICE, "9")]))[0]


@pytest.mark.parametrize(
    ("how", "after"),
    [
        ({"find": "RED", "text": "Blue"}, "Blue reddish mug".replace("reddish", "Bluedish")),
        ({"find": "RED", "text": "Blue", "match_case": True}, None),
        ({"find": "red reddish mug", "text": "Cup", "whole_cell": True}, "Cup"),
        ({"find": "red", "text": "Cup", "whole_cell": True}, None),
        ({"find": ".", "text": "x"}, None),
        ({"find": "mug", "text": r"\1"}, r"Red reddish \1"),
    ],
)
def test_find_and_replace(make_product, plan, how, after):
    mug = make_product("Red reddish mug")
    edit = plan("replace", ids=[mug.pk], columns=(TITLE,), **how)
    assert [line[4] for line in planned(edit)] == ([after] if after else [])


def test_empty_cells_are_filled_by_finding_nothing_in_whole_cells(make_product, plan):
    mug = make_product("Mug", brand="Acme")
    stool = make_product("Stool")
    ids = [mug.pk, stool.pk]
    edit = plan("replace", ids=ids, columns=("product.brand",), text="None", whole_cell=True)
    assert [line[0] for line in planned(edit)] == [stool.pk]


def test_finding_nothing_anywhere_is_refused(make_product, plan):
    with pytest.raises(ValidationError, match="Say what to find"):
        plan("replace", ids=[make_product().pk], columns=(TITLE,), text="x")


def test_products_of_other_catalogues_are_not_touched(make_product, make_catalog, plan, person):
    other = make_catalog("Other", owner=person)
    theirs = make_product("Theirs", catalog=other)
    assert planned(plan(cells=[(str(theirs.pk), TITLE, "Mine")])) == []


def test_an_approved_product_has_changed_since(make_product, plan, person):
    mug = make_product("Mug")
    products_set_status(products=[mug], status="approved", actor=person)
    grid_apply(edit=plan("set", ids=[mug.pk], columns=(TITLE,), text="Cup"), actor=person)
    assert Product.objects.get(pk=mug.pk).changed_since_approval


def test_what_is_approved_is_what_the_same_act_makes_of_it(make_product, plan, person):
    mug = make_product("Mug")
    edit = plan(cells=[(str(mug.pk), STATUS, "approved"), (str(mug.pk), TITLE, "Cup")])
    assert grid_apply(edit=edit, actor=person).result["changed"] == 2
    mug.refresh_from_db()
    assert (mug.status, mug.title, mug.changed_since_approval) == ("approved", "Cup", False)
    assert mug.versions.get().content["title"] == "Cup"
    assert grid_undo(edit=edit, actor=person).result["left"] == 0
    mug.refresh_from_db()
    assert (mug.status, mug.title) == ("draft", "Mug")
    assert mug.versions.get().withdrawn_at is not None


def test_undo_approves_again_what_was_approved_as_it_was(make_product, plan, person):
    mug = make_product("Mug")
    products_set_status(products=[mug], status="approved", actor=person)
    edit = plan(cells=[(str(mug.pk), STATUS, "Draft"), (str(mug.pk), TITLE, "Cup")])
    grid_apply(edit=edit, actor=person)
    grid_undo(edit=edit, actor=person)
    mug.refresh_from_db()
    assert (mug.status, mug.title, mug.changed_since_approval) == ("approved", "Mug", False)


def test_undo_leaves_a_status_that_somebody_set_since(make_product, plan, person):
    mug = make_product("Mug")
    edit = plan(cells=[(str(mug.pk), STATUS, "In review")])
    grid_apply(edit=edit, actor=person)
    mug.refresh_from_db()
    products_set_status(products=[mug], status="archived", actor=person)
    assert grid_undo(edit=edit, actor=person).result["left"] == 1
    assert Product.objects.get(pk=mug.pk).status == "archived"


def test_an_editor_does_not_approve_in_the_grid(make_product, catalog, editor):
    mug, stool = make_product("Mug"), make_product("Stool")
    cells = [
        CellText(str(mug.pk), STATUS, "Approved", "Draft"),
        CellText(str(stool.pk), STATUS, "In review", "Draft"),
        CellText(str(stool.pk), TITLE, "Bench", "Stool"),
    ]
    _, answers = grid_write(catalog=catalog, cells=cells, actor=editor, label="Edit")
    assert [each.state for each in answers] == ["refused", "saved", "saved"]
    assert "reviewers and owners" in answers[0].message
    assert set(Product.objects.values_list("status", flat=True)) == {"draft", "in_review"}


def test_who_lost_the_right_to_approve_meanwhile_does_not(make_product, plan, editor, catalog):
    mug = make_product("Mug")
    edit = plan(cells=[(str(mug.pk), STATUS, "Approved")])
    result = grid_apply(edit=edit, actor=editor).result
    assert (result["changed"], result["refused"]) == (0, 1)
    assert Product.objects.get(pk=mug.pk).status == "draft"


def test_a_wrong_gtin_is_refused_and_one_that_stands_there_may_stand(make_product, plan, person):
    wrong, right = "4006381333930", "4006381333931"
    mug, stool = make_product("Mug"), make_product("Stool")
    # As an import or an earlier version of this site left it.
    Variant.objects.filter(product=mug).update(gtin=wrong)
    rows = [str(mug.pk), str(stool.pk)]
    edit = plan(cells=[(row, "variant.gtin", wrong) for row in rows])
    assert ["check digit" in each for each in refusals(edit)] == [True]
    edit = plan(
        cells=[(row, "variant.gtin", text) for row, text in zip(rows, (right, ""), strict=True)]
    )
    grid_apply(edit=edit, actor=person)
    assert Variant.objects.get(product=mug).gtin == right
    assert grid_undo(edit=edit, actor=person).result["left"] == 0
    assert Variant.objects.get(product=mug).gtin == wrong


def test_nothing_is_done_twice(make_product, plan, person):
    edit = plan("set", ids=[make_product("Mug").pk], columns=(TITLE,), text="Cup")
    grid_apply(edit=edit, actor=person)
    with pytest.raises(ValidationError, match="done already"):
        grid_apply(edit=edit, actor=person)
    grid_undo(edit=edit, actor=person)
    with pytest.raises(ValidationError, match="undone already"):
        grid_undo(edit=edit, actor=person)


def test_undoing_the_batch_takes_back_the_columns_too(make_product, plan, person):
    ids = [make_product("Mug").pk, make_product("Stool").pk]
    edit = plan("set", ids=ids, columns=("product.brand", MATERIAL), text="wood")
    grid_apply(edit=edit, actor=person)
    edit.refresh_from_db()
    batch_undo(batch=edit.batch, actor=person)
    assert set(Product.objects.values_list("brand", flat=True)) == {""}
    assert not CurrentAttribute.objects.filter(field="material").exists()


def test_written_cells_say_what_became_of_them(make_product, catalog, person):
    mug = make_product("Mug", brand="Acme", price=Decimal(5))
    row = str(mug.pk)
    edit, answers = grid_write(
        catalog=catalog,
        actor=person,
        label="Edit",
        cells=[
            CellText(row, TITLE, "Cup", "Mug"),
            CellText(row, "product.brand", "Mine", "What I saw"),
            CellText(row, PRICE, "5", "5.00"),
            CellText(row, "variant.cost", "much", ""),
            CellText("999999", TITLE, "Cup", ""),
        ],
    )
    assert [each.state for each in answers] == ["saved", "conflict", "same", "refused", "refused"]
    assert answers[1].text == "Acme"
    assert edit.changes.get().outcomes == ["done"]
    assert Product.objects.get(pk=mug.pk).title == "Cup"
    assert Product.objects.get(pk=mug.pk).brand == "Acme"


def test_line_ends_of_browsers_are_no_conflict(make_product, catalog, person):
    mug = make_product("Mug", description="a\r\nb")
    cell = CellText(str(mug.pk), "product.description", "c", "a\nb")
    _, answers = grid_write(catalog=catalog, actor=person, label="Edit", cells=[cell])
    assert answers[0].state == "saved"


def test_nothing_is_kept_of_cells_that_do_not_change(make_product, catalog, person):
    mug = make_product("Mug")
    cell = CellText(str(mug.pk), TITLE, "Mug", "Mug")
    edit, _ = grid_write(catalog=catalog, actor=person, label="Edit", cells=[cell])
    assert edit is None
    assert not GridEdit.objects.exists()
    assert not GridChange.objects.exists()
