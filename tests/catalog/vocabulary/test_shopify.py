from __future__ import annotations

import time

import pytest

from catalog.describe import vocabulary as described
from catalog.models import AttributeDefinition, Category, Term
from catalog.services.vocabulary import vocabulary_load
from catalog.services.vocabulary_imports import (
    Taking,
    import_plan,
    vocabulary_import_apply,
    vocabulary_import_bring,
    vocabulary_import_choose,
)
from catalog.services.vocabulary_loading import Mode
from catalog.vocabulary import VocabularyFileError
from catalog.vocabulary.shopify_mapping import Choices
from tests.catalog.vocabulary import shopify_files as made

pytestmark = pytest.mark.django_db

COLOR = made.used(1, "color", "Color")
STRAP = made.used(2, "strap-material", "Strap material", extended=True)
FIT = made.used(3, "trouser-fit", "Trouser fit")
ORIGIN = made.used(4, "country-of-origin", "Country of origin")
ENGLISH = made.categories(
    [
        made.category("aa", "Apparel"),
        made.category("aa-1", "Apparel", "Clothing", attributes=[COLOR]),
        made.category("aa-1-4", "Apparel", "Clothing", "Gowns", attributes=[COLOR]),
        made.category("aa-1-4-1", "Apparel", "Clothing", "Gowns", "Ball Gowns", attributes=[FIT]),
        made.category("aa-9", "Apparel", "Capes", attributes=[STRAP, ORIGIN]),
    ]
)
ATTRIBUTES = made.attributes(
    [
        made.attribute(1, "color", "Color", {1: ("gray", "Gray"), 2: ("puce", "Puce")}),
        made.attribute(
            2,
            "material",
            "Material",
            {3: ("wool", "Wool"), 4: ("mycelium", "Mycelium")},
            {"strap-material": "Strap material"},
        ),
        made.attribute(3, "trouser-fit", "Trouser fit", {5: ("slim", "Slim")}),
        made.attribute(4, "country-of-origin", "Country of origin", {6: ("france", "France")}),
    ]
)
GERMAN = made.text(
    "Categories",
    {
        "Category/aa": "Bekleidung",
        "Category/aa-1": "Bekleidung > Kleider",
        "Category/aa-9": "Bekleidung > Umhänge",
    },
)


def bring(files, **choices):
    """Bring files and choose of them; a mode may be among the choices."""
    row = vocabulary_import_bring(files=list(files.items()), actor=None)
    usual = Taking.of(row.choices)
    mode = choices.pop("mode", usual.mode)
    return vocabulary_import_choose(row=row, taking=Taking(mode, shopify=Choices(**choices)))


def take(files, **choices):
    return vocabulary_import_apply(row=bring(files, **choices), actor=None)


@pytest.fixture
def clothing(db):
    """A vocabulary with clothing > dresses that know their Shopify ids, and colours."""
    parent = Category.objects.create(
        slug="clothing", path="clothing", labels={"en": "Clothing"}, shopify_id="aa-1"
    )
    Category.objects.create(
        parent=parent,
        slug="dresses",
        path="clothing/dresses",
        labels={"en": "Dresses"},
        shopify_id="gid://shopify/TaxonomyCategory/aa-1-4",
    )
    color = AttributeDefinition.objects.create(key="color", kind="multi_choice", labels={})
    Term.objects.create(attribute=color, key="grey", labels={"en": "Grey"}, prompts=["gray"])
    return color


def test_children_go_below_what_is_there_and_nothing_is_doubled(clothing):
    take({"categories.json": ENGLISH}, branches=("aa",))
    assert set(Category.objects.values_list("path", flat=True)) == {
        "clothing",
        "clothing/dresses",
        "clothing/dresses/ball-gowns",
        "apparel",
        "apparel/capes",
    }


def test_without_branches_only_what_is_there_is_completed(clothing):
    row = take({"dist/en/categories.json": ENGLISH, "dist/de/categories.txt": GERMAN})
    assert Category.objects.count() == 2
    assert Category.objects.get(path="clothing").labels == {"en": "Clothing", "de": "Kleider"}
    assert row.report["changed"] == 1


def test_languages_become_labels_and_what_people_wrote_stays(clothing):
    Category.objects.filter(path="clothing").update(labels={"en": "Clothes", "de": "Sachen"})
    files = {"dist/en/categories.json": ENGLISH, "dist/de/categories.txt": GERMAN}
    take(files, branches=("aa",))
    assert Category.objects.get(path="clothing").labels == {"en": "Clothes", "de": "Sachen"}
    assert Category.objects.get(path="apparel/capes").labels == {"en": "Capes", "de": "Umhänge"}


def test_a_category_of_the_same_name_gets_the_id(db):
    Category.objects.create(slug="wear", path="wear", labels={"en": "Apparel"})
    take({"categories.json": ENGLISH}, branches=("aa",), levels=1)
    assert Category.objects.get().shopify_id == "aa"


def test_levels_say_how_deep_to_take(clothing):
    take({"categories.json": ENGLISH}, branches=("aa",), levels=2)
    assert not Category.objects.filter(slug="ball-gowns").exists()
    assert Category.objects.filter(path="apparel/capes").exists()


def test_values_are_added_to_the_attribute_that_is_there_where_they_are_used(clothing):
    take({"categories.json": ENGLISH, "attributes.json": ATTRIBUTES}, branches=("aa",))
    assert set(clothing.terms.values_list("key", flat=True)) == {"grey", "puce"}
    puce = Term.objects.get(key="puce")
    assert [each.path for each in puce.categories.all()] == ["clothing"]


def test_attributes_come_where_their_categories_are_taken(clothing):
    take({"categories.json": ENGLISH, "attributes.json": ATTRIBUTES}, branches=("aa",))
    fit = AttributeDefinition.objects.get(key="trouser_fit")
    assert [each.path for each in fit.categories.all()] == ["clothing/dresses/ball-gowns"]
    assert (fit.kind, fit.closed, fit.filterable) == ("multi_choice", True, False)
    assert not AttributeDefinition.objects.filter(key="material").exists()


def test_facts_that_no_photo_proves_are_only_suggested(clothing):
    take({"categories.json": ENGLISH, "attributes.json": ATTRIBUTES}, branches=("aa",))
    assert not AttributeDefinition.objects.get(key="country_of_origin").machine_may_set
    assert AttributeDefinition.objects.get(key="trouser_fit").machine_may_set


def test_an_extended_attribute_has_the_values_of_the_one_it_extends(clothing):
    files = {"categories.json": ENGLISH, "attributes.json": ATTRIBUTES}
    take(files, branches=("aa",), extended=True)
    strap = AttributeDefinition.objects.get(key="strap_material")
    assert set(strap.terms.values_list("key", flat=True)) == {"wool", "mycelium"}


def test_texts_alone_bring_categories_attributes_and_values(clothing):
    files = {
        "categories.txt": made.text("Categories", {"Category/aa": "Apparel"}),
        "attributes.txt": made.text("Attributes", {"Attribute/1": "Color"}),
        "attribute_values.txt": made.text(
            "Attribute Values", {"Value/1": "Gray [Color]", "Value/2": "Puce [Color]"}
        ),
        "de/attribute_values.txt": made.text("Attribute Values", {"Value/1": "Grau [Farbe]"}),
    }
    take(files)
    assert Term.objects.get(key="grey").labels == {"en": "Grey", "de": "Grau"}


def test_new_categories_are_left_to_people_until_they_are_offered(clothing):
    take({"categories.json": ENGLISH}, branches=("aa",))
    read = described.current(max_age=0)
    assert read.leaves == ("clothing/dresses",)
    assert set(read.children) == {"", "clothing"}
    assert "apparel/capes" in read.categories


def test_files_of_two_releases_are_refused(db):
    files = [
        ("a/categories.json", ENGLISH),
        ("de/categories.txt", GERMAN.replace(b"2030", b"2029")),
    ]
    with pytest.raises(VocabularyFileError, match="files of one release"):
        vocabulary_import_bring(files=files, actor=None)


def test_a_type_that_fits_not_is_a_conflict_and_not_an_error(clothing):
    AttributeDefinition.objects.filter(key="color").update(kind="text")
    Term.objects.all().delete()
    row = bring({"c.json": ENGLISH, "attributes.json": ATTRIBUTES}, branches=("aa",))
    assert "“color” is text here" in import_plan(row)[1].conflicts[0]


def test_a_whole_taxonomy_comes_in_bounded_time_and_queries(django_assert_max_num_queries):
    vocabulary_load()
    data = made.large()
    started = time.monotonic()
    row = vocabulary_import_bring(files=[("release.zip", data)], actor=None)
    roots = tuple(f"a{chr(97 + n)}" for n in range(20))
    taking = Taking(mode=Mode.FILL, shopify=Choices(branches=roots))
    vocabulary_import_choose(row=row, taking=taking)
    with django_assert_max_num_queries(400):
        row = vocabulary_import_apply(row=row, actor=None)
    assert row.report["categories"] > 9_900
    assert (row.report["attributes"], row.report["terms"]) == (2_000, 20_000)
    # About 7 s where nothing else runs.
    assert time.monotonic() - started < 60
    leaves = len(described.current(max_age=0).leaves)
    assert leaves < 400
