from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.models import (
    AttributeDefinition,
    AttributeKind,
    AuditEvent,
    Catalog,
    Category,
    Product,
    Term,
    TermState,
)
from catalog.services.ledger import attribute_set, attribute_undo
from catalog.services.products import products_delete
from catalog.services.vocabulary import category_delete, category_save, term_propose

pytestmark = pytest.mark.django_db


def category(slug: str, parent: Category | None = None, **fields) -> Category:
    return category_save(actor=None, slug=slug, labels={"en": slug}, parent=parent, **fields)


def test_a_category_gets_its_path_from_its_parents():
    mugs = category("mugs", category("kitchen", category("home")))
    assert mugs.path == "home/kitchen/mugs"
    assert AuditEvent.objects.filter(action="category.save").count() == 3


def test_moving_a_category_takes_its_children_along():
    home, garden = category("home"), category("garden")
    kitchen = category("kitchen", home)
    mugs = category("mugs", kitchen)
    category("kitchen", garden, category=kitchen)
    mugs.refresh_from_db()
    assert mugs.path == "garden/kitchen/mugs"


def test_a_taken_path_is_refused():
    category("home")
    with pytest.raises(ValidationError, match="already"):
        category("home")


def test_a_category_cannot_stand_below_itself():
    home = category("home")
    kitchen = category("kitchen", home)
    with pytest.raises(ValidationError, match="below itself"):
        category("home", kitchen, category=home)


def test_a_category_that_products_carry_keeps_its_path():
    home = category("home")
    mugs = category("mugs", home)
    shop = Catalog.objects.create(name="Shop", slug="shop")
    Product.objects.create(catalog=shop, handle="mug", category=mugs)
    with pytest.raises(ValidationError, match="Change its labels"):
        category("house", category=home)
    renamed = category_save(actor=None, slug="home", labels={"en": "House & home"}, category=home)
    assert renamed.label() == "House & home"


@pytest.fixture
def mugs(vocabulary) -> Category:
    return Category.objects.get(path="home/kitchen/mugs")


def test_a_category_that_nothing_refers_to_is_deleted(mugs):
    category_delete(category=mugs, actor=None)
    assert not Category.objects.filter(path="home/kitchen/mugs").exists()


def test_a_category_that_products_carry_is_not_deleted(mugs, make_product):
    make_product(color=None, attributes={"category": mugs.path})
    with pytest.raises(ValidationError, match="another category first"):
        category_delete(category=mugs, actor=None)


def test_a_category_that_a_deleted_product_carries_is_not_deleted(mugs, make_product, person):
    product = make_product(color=None, attributes={"category": mugs.path})
    products_delete(products=[product], actor=person)
    with pytest.raises(ValidationError, match="deleted products count"):
        category_delete(category=mugs, actor=None)


def test_a_category_above_others_is_not_deleted(mugs):
    with pytest.raises(ValidationError, match="categories below"):
        category_delete(category=mugs.parent, actor=None)


def test_a_category_that_an_attribute_is_limited_to_is_not_deleted(mugs, vocabulary):
    vocabulary["material"].categories.add(mugs)
    with pytest.raises(ValidationError, match="material"):
        category_delete(category=mugs, actor=None)


def test_a_category_that_a_term_is_limited_to_is_not_deleted(mugs, vocabulary):
    vocabulary["material"].terms.get(key="wood").categories.add(mugs)
    with pytest.raises(ValidationError, match="material: wood"):
        category_delete(category=mugs, actor=None)


def test_a_word_on_a_deleted_category_gives_way_to_the_next_best(mugs, make_product, person):
    product = make_product(color=None, attributes={"category": "clothes"})
    for path in (mugs.path, "home"):
        attribute_set(product=product, field="category", value=path, actor=person)
    category_delete(category=mugs, actor=None)
    attribute_undo(product=product, field="category", actor=person)
    product.refresh_from_db()
    assert product.category.path == "clothes"


@pytest.fixture
def material() -> AttributeDefinition:
    return AttributeDefinition.objects.create(key="material", kind=AttributeKind.MULTI_CHOICE)


def test_an_unknown_value_becomes_a_proposed_term(material):
    term = term_propose(attribute=material, value="  Recycled  Ocean Plastic ")
    assert (term.key, term.state) == ("recycled-ocean-plastic", TermState.PROPOSED)
    assert term.label() == "Recycled Ocean Plastic"
    assert term_propose(attribute=material, value="recycled ocean plastic") == term


def test_a_value_is_found_by_a_label_of_another_language(material):
    wool = Term.objects.create(attribute=material, key="wool", labels={"de": "Wolle"})
    assert term_propose(attribute=material, value="wolle") == wool


def test_a_merged_value_leads_to_what_it_was_merged_into(material):
    wool = Term.objects.create(attribute=material, key="wool")
    Term.objects.create(
        attribute=material, key="lambswool", state=TermState.MERGED, merged_into=wool
    )
    assert term_propose(attribute=material, value="Lambswool") == wool


def test_a_text_attribute_takes_no_proposals():
    care = AttributeDefinition.objects.create(key="care", kind=AttributeKind.TEXT)
    with pytest.raises(ValidationError, match="no list of values"):
        term_propose(attribute=care, value="Cold wash")
