"""What becomes of the products of a file."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import storage
from catalog.importing.options import Options
from catalog.importing.services import import_create
from catalog.models import (
    AuditEvent,
    CurrentAttribute,
    ForeignCells,
    LedgerEntry,
    Membership,
    Product,
    ProductText,
    ProductVersion,
    Role,
    Source,
    Term,
    TermState,
    Variant,
)
from catalog.services.ledger import attribute_set
from catalog.services.products import product_update, products_delete
from catalog.uploads.services import upload_store
from tests.catalog.importing.engine.conftest import zip_bytes

MUG = {"Handle": "red-mug", "Title": "Red mug", "SKU": "M1", "Price": "12.50", "Brand": "Koto"}
BOWL = {"Handle": "bowl", "Title": "Bowl", "SKU": "B1", "Price": "20", "Brand": "Koto"}


def counts(source, *names):
    return {name: source.counts[name] for name in names}


def values(product):
    rows = CurrentAttribute.objects.filter(product=product)
    return {(row.field, row.locale): (row.value, row.source) for row in rows}


def test_a_preview_says_what_would_become_of_each_product_and_writes_nothing_else(shop):
    shop.run([MUG])

    source = shop.preview([{**MUG, "Price": "13"}, BOWL])

    assert source.state == "ready"
    assert counts(source, "create", "update", "refused") == {"create": 1, "update": 1, "refused": 0}
    item = source.items.get(state="update")
    assert item.changes == [["Price · M1", "12.50", "13.00"]]
    assert Product.objects.count() == 1
    assert Variant.objects.get().price == Decimal("12.50")


def test_new_products_have_their_columns_values_and_history(shop, vocabulary):
    row = {**MUG, "Material": "wood", "Category": "Mugs", "Cost": "4", "Strange": "kept"}

    source = shop.run([row])

    product = Product.objects.get()
    variant = product.variants.get()
    assert (product.title, product.handle, product.status) == ("Red mug", "red-mug", "draft")
    assert (variant.sku, variant.price, variant.cost) == ("M1", Decimal("12.50"), Decimal(4))
    assert product.category.path == "home/kitchen/mugs"
    assert values(product)["material", ""] == (["wood"], Source.IMPORT)
    said = LedgerEntry.objects.filter(product=product, batch=source.batch)
    assert {(row.field, str(row.value), row.source) for row in said} >= {
        ("title", "['Red mug']", "import"),
        ("price", "['12.5']", "import"),
    }
    assert ForeignCells.objects.get().cells == {"Strange": "kept"}
    assert "Red mug" in ProductText.objects.get(pk=product.pk).document
    assert AuditEvent.objects.filter(action="product.create", target_id=product.pk).exists()


def test_the_same_file_twice_changes_nothing(shop, vocabulary):
    rows = [{**MUG, "Material": "oak", "Category": "Mugs", "Strange": "kept"}, BOWL]
    shop.run(rows)
    entries, stamp = LedgerEntry.objects.count(), Product.objects.latest("updated_at").updated_at
    events = AuditEvent.objects.filter(action__startswith="product.").count()

    again = shop.run(rows)

    assert counts(again, "unchanged", "create", "update") == {
        "unchanged": 2,
        "create": 0,
        "update": 0,
    }
    assert LedgerEntry.objects.count() == entries
    assert AuditEvent.objects.filter(action__startswith="product.").count() == events
    assert Product.objects.latest("updated_at").updated_at == stamp


def test_what_a_person_wrote_since_stays_and_is_named(shop, person, messages):
    shop.run([MUG])
    product = Product.objects.get()
    product_update(product=product, actor=person, fields={"title": "Crimson mug"})

    again = shop.run([{**MUG, "Title": "Scarlet mug", "Price": "9"}])

    product.refresh_from_db()
    assert product.title == "Crimson mug"
    assert product.variants.get().price == Decimal(9)
    assert messages(again) == ["2 Title: Kept: a person wrote what stands there."]
    assert again.counts["kept_columns"] == {"Title": 1}
    third = shop.run([{**MUG, "Title": "Ruby mug"}])
    product.refresh_from_db()
    assert product.title == "Crimson mug"
    assert third.counts["keeps"] == 1


def test_a_column_that_the_newest_file_does_not_speak_of_is_still_known_as_an_imports(shop):
    shop.run([MUG])
    shop.run([{"SKU": "M1", "Price": "9"}])

    shop.run([{**MUG, "Title": "Scarlet mug"}])

    assert Product.objects.get().title == "Scarlet mug"


def test_a_persons_word_gives_way_where_that_is_asked(shop, person, vocabulary):
    shop.run([{**MUG, "Material": "wood"}])
    product = Product.objects.get()
    product_update(product=product, actor=person, fields={"title": "Crimson mug"})
    attribute_set(product=product, field="material", value="steel", actor=person)

    shop.run([{**MUG, "Material": "cotton"}], over_people=True)

    product.refresh_from_db()
    assert product.title == "Red mug"
    assert values(product)["material", ""] == (["cotton"], Source.IMPORT)


def test_a_value_that_a_person_gave_is_kept(shop, person, vocabulary, messages):
    shop.run([{**MUG, "Material": "wood"}])
    product = Product.objects.get()
    attribute_set(product=product, field="material", value="steel", actor=person)

    again = shop.run([{**MUG, "Material": "cotton"}])

    assert values(product)["material", ""] == (["steel"], Source.PERSON)
    assert messages(again) == ["2 Material: Kept: a person wrote what stands there."]


def test_blanks_say_nothing_unless_they_are_to_clear(shop, vocabulary):
    shop.run([{**MUG, "Material": "wood"}])
    blank = {**MUG, "Brand": "", "Material": "", "Price": ""}

    kept = shop.run([blank])
    assert kept.counts["unchanged"] == 1

    cleared = shop.preview([blank], blanks="clear")
    assert cleared.counts["cleared_columns"] == {"Brand": 1, "Material": 1, "Price": 1}
    assert cleared.counts["clears"] == 3
    shop.go_on(cleared)
    product = Product.objects.get()
    assert (product.brand, product.variants.get().price) == ("", None)
    assert values(product)["material", ""] == (None, Source.IMPORT)


def test_rows_of_one_product_are_its_variants_also_where_they_stand_apart(shop, messages):
    small = {"Handle": "shirt", "Title": "Shirt", "SKU": "S", "Size name": "Size", "Size": "S"}
    large = {"Handle": "shirt", "Title": "Shirts", "SKU": "L", "Size name": "Size", "Size": "L"}

    source = shop.run([small, BOWL, large], mapping={"Handle": "product.handle"})

    shirt = Product.objects.get(handle="shirt")
    assert [v.option_text for v in shirt.variants.order_by("position")] == ["S", "L"]
    assert shirt.title == "Shirt"
    assert any("says something else of the same product" in text for text in messages(source))


def test_variants_that_a_file_leaves_out_stay(shop, messages):
    rows = [
        {"Handle": "shirt", "Title": "Shirt", "SKU": name, "Size name": "Size", "Size": name}
        for name in "SL"
    ]
    shop.run(rows)

    again = shop.run([{**rows[0], "Price": "5"}])

    assert Variant.objects.alive().count() == 2
    assert any("One variant is not in the file" in text for text in messages(again))


def test_a_new_variant_joins_the_product_of_its_handle(shop):
    row = {"Handle": "shirt", "Title": "Shirt", "SKU": "S", "Size name": "Size", "Size": "S"}
    shop.run([row])

    again = shop.run([row, {**row, "SKU": "L", "Size": "L"}])

    assert again.counts["update"] == 1
    assert Product.objects.count() == 1
    assert set(Variant.objects.values_list("sku", flat=True)) == {"S", "L"}


@pytest.mark.parametrize(
    ("match_by", "row", "state"),
    [
        ("sku", {"SKU": "M1", "Title": "New"}, "update"),
        ("gtin", {"GTIN": "4006381333931", "Title": "New"}, "update"),
        ("handle", {"Handle": "red-mug", "Title": "New"}, "update"),
        ("sku", {"SKU": "M2", "Title": "New"}, "create"),
    ],
)
def test_known_products_are_found_by_their_codes(shop, match_by, row, state):
    shop.run([{**MUG, "GTIN": "4006381333931"}])

    source = shop.preview([row], match_by=match_by)

    assert source.items.get().state == state


def test_the_preview_tells_of_another_product_that_a_sku_belongs_to(shop, messages):
    shop.run([MUG])

    source = shop.preview([{"Handle": "new-mug", "Title": "New mug", "SKU": "M1"}])

    assert source.items.get().state == "update"
    (said,) = messages(source)
    assert said.startswith("2 Handle: The file calls it “new-mug”, but its SKU “M1” is that of the")
    assert said.endswith(
        "product “Red mug”, with the handle “red-mug”: that one is updated, and keeps its handle."
    )


def test_the_preview_tells_of_another_product_that_has_the_handle(shop, messages):
    shop.run([MUG, BOWL])

    source = shop.preview([{"Handle": "bowl", "Title": "Bowl", "SKU": "M1"}])

    (said,) = messages(source)
    assert "is that of the product “Red mug”" in said
    assert said.endswith("Another product has the handle “bowl”: “Bowl”. Nothing of it changes.")


def test_nothing_is_told_of_a_handle_that_is_the_product_s_own(shop, messages):
    shop.run([MUG])

    assert messages(shop.preview([{**MUG, "Title": "New"}])) == []


def test_a_row_that_means_two_products_is_refused_and_the_others_come(shop, messages):
    shop.run([MUG, BOWL])
    both = [{"Handle": "x", "Title": "X", "SKU": sku} for sku in ("M1", "B1")]

    source = shop.run([*both, {"Handle": "jug", "Title": "Jug", "SKU": "J1"}])

    assert counts(source, "refused", "created") == {"refused": 1, "created": 1}
    assert any("belong to several products (Red mug, Bowl)" in text for text in messages(source))


def test_of_two_products_of_a_file_with_one_sku_the_first_comes(shop, messages):
    source = shop.run([MUG, {"Handle": "other", "Title": "Other", "SKU": "M1"}])

    assert Product.objects.get().title == "Red mug"
    assert any("The SKU M1 stands in row 2 already" in text for text in messages(source))


@pytest.mark.parametrize(("mode", "sku"), [("create", "M1"), ("update", "M9")])
def test_what_the_mode_does_not_allow_is_left_and_said(shop, messages, mode, sku):
    shop.run([MUG])

    source = shop.run([{**MUG, "Handle": sku.lower(), "SKU": sku, "Price": "1"}], mode=mode)

    assert source.items.get().state == "skipped"
    assert Variant.objects.get().price == Decimal("12.50")
    assert messages(source)


def test_a_value_that_does_not_fit_is_left_out_and_its_row_comes(shop, vocabulary, messages):
    source = shop.run([{**MUG, "Category": "Rockets", "Brand": "x" * 400}])

    assert any("There is no category “Rockets”" in text for text in messages(source))
    assert any(
        "2 Brand: It has 400 characters, and at most 120 fit." in text for text in messages(source)
    )
    product = Product.objects.get()
    assert (product.title, product.brand, product.category) == ("Red mug", "", None)


def test_a_new_product_without_a_title_is_refused_and_the_others_come(shop, messages):
    shop.run([{**MUG, "Title": ""}, BOWL])

    assert Product.objects.get().title == "Bowl"


def test_a_word_that_a_list_lacks_is_proposed_once_it_is_imported(shop, vocabulary, messages):
    row = {**MUG, "Color": "Teal"}

    source = shop.preview([row])
    assert any("it is proposed" in text for text in messages(source))
    assert not Term.objects.filter(key="teal").exists()

    shop.go_on(source)
    assert Term.objects.get(key="teal").state == TermState.PROPOSED
    assert values(Product.objects.get())["color", ""] == (["teal"], Source.IMPORT)


def test_facts_that_a_photo_cannot_prove_come_from_imports(shop, vocabulary):
    shop.run([{**MUG, "Composition": "100% wool"}])

    assert values(Product.objects.get())["composition", ""] == (["100% wool"], Source.IMPORT)


@pytest.mark.parametrize(
    ("role", "status", "versions"),
    [(Role.OWNER, "approved", 1), (Role.EDITOR, "in_review", 0)],
)
def test_only_who_approves_imports_approved_products(shop, person, role, status, versions, catalog):
    if role != Role.OWNER:
        other = type(person).objects.create_user("other-owner")
        Membership.objects.create(user=other, catalog=catalog, role=Role.OWNER)
        Membership.objects.filter(user=person, catalog=catalog).update(role=role)

    source = shop.run([{**MUG, "Status": "active"}], file_status=True)

    assert Product.objects.get().status == status
    assert ProductVersion.objects.count() == versions
    assert source.counts["approves"] == versions


def test_a_deleted_product_is_no_product(shop, person):
    shop.run([MUG])
    products_delete(products=Product.objects.all(), actor=person)

    source = shop.run([MUG])

    assert source.counts["created"] == 1


def test_a_sku_that_was_taken_meanwhile_refuses_that_product_alone(shop, make_product, messages):
    source = shop.preview([MUG, BOWL])
    make_product("Other", color=None, sku="X", handle="red-mug")
    # Found by its handle now, what was to be created is an update: nothing is made twice.
    done = shop.go_on(source)

    assert done.state == "done"
    assert Product.objects.alive().filter(handle="red-mug").count() == 1
    assert Product.objects.filter(title="Bowl").exists()


def test_table_that_cannot_be_unpacked_is_refused_with_its_name(shop):
    packed = zip_bytes({"products.csv": b"Title,SKU\nMug,M1\n"}).replace(b"Mug", b"Jug")
    upload = upload_store(catalog=shop.catalog, actor=shop.person, name="a.zip", chunks=[packed])
    with pytest.raises(ValidationError, match=r"products\.csv”: It cannot be unpacked"):
        import_create(catalog=shop.catalog, actor=shop.person, name="", table=None, photos=upload)


def test_table_whose_stored_file_is_gone_is_to_be_brought_again(shop):
    upload = upload_store(catalog=shop.catalog, actor=shop.person, name="a.csv", chunks=[b"SKU\nM"])
    storage.delete(upload.parts.get().file)
    with pytest.raises(ValidationError, match=r"Bring it again"):
        import_create(catalog=shop.catalog, actor=shop.person, name="", table=upload, photos=None)


@pytest.mark.parametrize("said", [["both"], {"a": 1}, None, 1])
def test_option_of_another_kind_is_refused(said):
    with pytest.raises(ValidationError):
        Options.of({"mode": said})


@pytest.mark.parametrize("target", ["attribute.material@\x00", "product.brand@de"])
def test_language_is_one_that_a_database_takes_and_an_attributes(shop, vocabulary, target):
    shop.bring([MUG], mapping={"Brand": "attribute.material@de"})
    with pytest.raises(ValidationError, match=r"there is no"):
        shop.bring([MUG], mapping={"Brand": target})


def test_many_products_are_written_with_as_few_queries_as_few(shop, vocabulary):
    def reads(first, count):
        rows = [
            {"Title": f"Ring {n}", "SKU": f"R-{n}", "Price": "5", "Material": "Gold"}
            for n in range(first, first + count)
        ]
        source = shop.preview(rows)
        with CaptureQueriesContext(connection) as queries:
            shop.go_on(source)
        # Of rows that are added the database may want several helpings.
        return [each["sql"] for each in queries if each["sql"].startswith("SELECT")]

    reads(0, 2)
    assert len(reads(2, 20)) == len(reads(22, 2))


def test_an_option_whose_name_the_file_does_not_tell_keeps_the_products(shop):
    shop.run([{**MUG, "Size name": "Width", "Size": "S"}])

    shop.run(
        [
            {"SKU": "M1", "Size name": "Option 1", "Size": "S"},
            {"Handle": "red-mug", "SKU": "M2", "Size name": "Option 1", "Size": "M"},
        ]
    )

    assert {row.option1_name for row in Variant.objects.all()} == {"Width"}


def test_options_of_one_name_are_told_apart(shop, messages):
    row = {"Handle": "shirt", "Title": "Shirt", "SKU": "S", "Name 1": "Size", "Is 1": "S"}
    mapping = {"Name 1": "variant.option1_name", "Is 1": "variant.option1_value"}
    mapping |= {"Name 2": "variant.option2_name", "Is 2": "variant.option2_value"}

    source = shop.run([{**row, "Name 2": "Size", "Is 2": "Long"}], mapping=mapping)

    variant = Variant.objects.get()
    assert (variant.option1_name, variant.option2_name) == ("Size", "Size 2")
    assert "Two options are called “Size”" in messages(source)[0]


def test_pages_in_the_shop_follow_from_handles_where_nothing_else_tells_them(shop):
    shop.run([MUG], product_pages="https://shop.example/products/{handle}")
    shop.run([MUG, BOWL], product_pages="https://other.example/{handle}")

    assert list(Product.objects.order_by("pk").values_list("product_url", flat=True)) == [
        "https://shop.example/products/red-mug",
        "https://other.example/bowl",
    ]


@pytest.mark.parametrize(
    "pages",
    ["https://shop.example/", "javascript:{handle}", "https://a.example/\x00{handle}", 7, 0],
)
def test_pages_in_the_shop_are_addresses_with_a_place_for_the_handle(shop, pages):
    with pytest.raises(ValidationError):
        shop.run([MUG], product_pages=pages)
