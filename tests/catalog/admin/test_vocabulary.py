from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from catalog.models import AttributeDefinition, AuditEvent, Catalog, Category, Term, TermState
from catalog.services.vocabulary import term_propose
from tests.catalog.admin.browser_form import texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def kitchen(vocabulary):
    return Category.objects.get(path="home/kitchen")


def actions():
    return list(AuditEvent.objects.values_list("action", flat=True))


def new_category(form_of, slug, parent=None, label="Bowls"):
    form = form_of(Category)
    form["slug"], form["labels.en"] = slug, label
    if parent:
        form.fields["parent"] = [str(parent.pk)]
    return form.save()


def test_categories_made_here_get_their_paths(form_of, kitchen, boss):
    new_category(form_of, "bowls", kitchen)
    new_category(form_of, "plates", kitchen)
    new_category(form_of, "garden")
    paths = set(Category.objects.values_list("path", flat=True))
    assert {"home/kitchen/bowls", "home/kitchen/plates", "garden"} <= paths
    assert AuditEvent.objects.filter(action="category.save", actor=boss).count() == 3


def test_renaming_a_category_takes_those_below_along(form_of, kitchen):
    form = form_of(kitchen)
    form["slug"] = "cooking"
    form.save()
    assert Category.objects.filter(path="home/cooking/mugs").exists()


def test_a_category_moves_with_those_below(form_of, kitchen):
    form = form_of(kitchen)
    form.fields["parent"] = [str(Category.objects.get(path="clothes").pk)]
    form.save()
    assert Category.objects.filter(path="clothes/kitchen/mugs").exists()


def test_a_category_that_products_carry_is_not_renamed(form_of, kitchen, make_product):
    make_product(color=None, attributes={"category": "home/kitchen"})
    form = form_of(kitchen)
    form["slug"] = "cooking"
    assert "Products carry" in texts(form.save())[0]
    kitchen.refresh_from_db()
    assert (kitchen.slug, kitchen.path) == ("kitchen", "home/kitchen")


def test_relabelling_a_category_that_products_carry_keeps_its_path(form_of, kitchen, make_product):
    make_product(color=None, attributes={"category": "home/kitchen"})
    form = form_of(kitchen)
    form["labels.en"] = "Cooking"
    form.save()
    kitchen.refresh_from_db()
    assert (kitchen.label(), kitchen.path) == ("Cooking", "home/kitchen")


def test_a_category_without_an_english_label_is_refused(form_of, vocabulary):
    form = form_of(Category)
    form["slug"], form["labels.+"], form["labels.+.label"] = "bowls", "de", "Schalen"
    assert "English label" in texts(form.save())[0]
    assert not Category.objects.filter(slug="bowls").exists()


def test_a_taken_path_is_refused_with_a_message(form_of, kitchen):
    assert "already" in texts(new_category(form_of, "home"))[0]


def test_deleting_a_category_is_audited(browser, vocabulary):
    mugs = Category.objects.get(path="home/kitchen/mugs")
    address = reverse("admin:catalog_category_delete", args=[mugs.pk])
    browser.post(address, {"post": "yes"})
    assert not Category.objects.filter(path="home/kitchen/mugs").exists()
    assert AuditEvent.objects.get(action="category.delete").summary == "home/kitchen/mugs"


def test_a_category_that_products_carry_is_not_deleted(browser, kitchen, make_product):
    make_product(color=None, attributes={"category": "home/kitchen/mugs"})
    mugs = Category.objects.get(path="home/kitchen/mugs")
    address = reverse("admin:catalog_category_delete", args=[mugs.pk])
    answer = browser.post(address, {"post": "yes"}, follow=True)
    assert "Give them another category first" in texts(answer)[0]
    assert Category.objects.filter(pk=mugs.pk).exists()
    assert "category.delete" not in actions()


def test_categories_are_deleted_together_or_not_at_all(browser, vocabulary, make_product):
    make_product(color=None, attributes={"category": "clothes"})
    chosen = Category.objects.filter(path__in=["clothes", "home/kitchen/mugs"])
    form = {"action": "delete_selected", "_selected_action": [c.pk for c in chosen], "post": "yes"}
    answer = browser.post(reverse("admin:catalog_category_changelist"), form, follow=True)
    assert "Products carry" in texts(answer)[0]
    assert chosen.count() == 2
    assert not LogEntry.objects.exists()


def test_a_definition_is_made_with_its_terms(form_of, kitchen):
    form = form_of(AttributeDefinition)
    form["key"], form["kind"], form["labels.en"] = "glaze", "choice", "Glaze"
    form.fields["categories"] = [str(kitchen.pk)]
    form.add_row("terms", key="matte", prompts="[]", **{"labels.en": "Matte"})
    form.save()
    glaze = AttributeDefinition.objects.get(key="glaze")
    assert [term.label() for term in glaze.terms.all()] == ["Matte"]
    assert list(glaze.categories.all()) == [kitchen]
    assert {"attribute.save", "term.save"} <= set(actions())


@pytest.mark.parametrize("key", ["Glaze", "glasur ä"])
def test_a_key_that_no_address_can_name_is_refused(form_of, key):
    form = form_of(AttributeDefinition)
    form["key"], form["kind"] = key, "text"
    form.save()
    assert not AttributeDefinition.objects.exists()


@pytest.mark.parametrize("key", ["category", "price"])
def test_a_key_of_a_field_that_products_have_is_refused(form_of, key):
    form = form_of(AttributeDefinition)
    form["key"], form["kind"] = key, "text"
    assert "already" in texts(form.save())[0]


@pytest.mark.parametrize(
    ("language", "label"), [("", "Farbe"), ("not a tag", "Farbe"), ("de", "x" * 201)]
)
def test_labels_of_a_wrong_shape_are_refused_beside_their_field(
    form_of, vocabulary, language, label
):
    form = form_of(vocabulary["color"])
    form["labels.+"], form["labels.+.label"] = language, label
    assert form.save().context["adminform"].form.errors.keys() == {"labels"}


def test_labels_are_edited_a_language_a_line(form_of, vocabulary, make_catalog):
    make_catalog()
    Catalog.objects.update(language="fr")
    form = form_of(vocabulary["color"])
    assert (form["labels.en"], form["labels.fr"]) == ("Color", "")
    form["labels.fr"], form["labels.+"], form["labels.+.label"] = "Couleur", "de", "Farbe"
    form.save()
    vocabulary["color"].refresh_from_db()
    assert vocabulary["color"].labels == {"en": "Color", "fr": "Couleur", "de": "Farbe"}
    form = form_of(vocabulary["color"])
    form["labels.de"] = ""
    form.save()
    vocabulary["color"].refresh_from_db()
    assert vocabulary["color"].labels == {"en": "Color", "fr": "Couleur"}


def test_prompts_of_a_wrong_shape_are_refused_beside_their_field(form_of, kitchen):
    form = form_of(kitchen)
    form["prompts"] = '{"a": 1}'
    assert form.save().context["adminform"].form.errors.keys() == {"prompts"}


def test_emptied_json_fields_hold_nothing(form_of, vocabulary):
    red = Term.objects.get(key="red")
    form = form_of(red)
    form["labels.en"], form["labels.de"], form["prompts"] = "", "", ""
    form.save()
    red.refresh_from_db()
    assert (red.labels, red.prompts) == ({}, [])


@pytest.mark.parametrize(
    ("action", "state"), [("accept", TermState.ACTIVE), ("reject", TermState.REJECTED)]
)
def test_decisions_on_terms_are_audited(browser, boss, vocabulary, action, state):
    teal = term_propose(attribute=vocabulary["color"], value="Teal")
    form = {"action": action, "_selected_action": [teal.pk]}
    browser.post(reverse("admin:catalog_term_changelist"), form)
    teal.refresh_from_db()
    assert teal.state == state
    event = AuditEvent.objects.get(action=f"term.{action}")
    assert (event.actor, event.summary) == (boss, "color: teal")


def test_a_term_is_merged_into_another_of_its_attribute(form_of, vocabulary):
    teal = term_propose(attribute=vocabulary["color"], value="Teal")
    form = form_of(teal)
    form["state"] = TermState.MERGED
    form.fields["merged_into"] = [str(Term.objects.get(key="green").pk)]
    form.save()
    teal.refresh_from_db()
    assert teal.merged_into.key == "green"


@pytest.mark.parametrize("target", ["", "wood", "teal"])
def test_a_term_is_not_merged_into_nothing_itself_or_another_attribute(form_of, vocabulary, target):
    teal = term_propose(attribute=vocabulary["color"], value="Teal")
    form = form_of(teal)
    form["state"] = TermState.MERGED
    form.fields["merged_into"] = [str(Term.objects.get(key=target).pk)] if target else [""]
    assert "term" in texts(form.save())[0]
    teal.refresh_from_db()
    assert teal.state == TermState.PROPOSED


def test_saving_a_definition_keeps_merged_terms(form_of, vocabulary):
    color = vocabulary["color"]
    red = Term.objects.get(key="red")
    Term.objects.create(attribute=color, key="rouge", state=TermState.MERGED, merged_into=red)
    form = form_of(color)
    form["position"] = 5
    form.save()
    color.refresh_from_db()
    assert color.position == 5
    assert Term.objects.get(key="rouge").merged_into == red


def test_deleting_a_term_in_its_definition_is_audited(form_of, vocabulary):
    form = form_of(vocabulary["color"])
    row = form.row_of("terms", "id", Term.objects.get(key="red").pk)
    form[f"{row}DELETE"] = "on"
    form.save()
    assert not Term.objects.filter(key="red").exists()
    assert "term.delete" in actions()


def act(browser, name, rows, **more):
    model = rows.model._meta.model_name
    form = {"action": name, "_selected_action": [row.pk for row in rows], **more}
    return browser.post(reverse(f"admin:catalog_{model}_changelist"), form, follow=True)


def test_branches_are_offered_with_what_they_lie_in_and_stopped_with_what_lies_below(
    browser, vocabulary
):
    act(browser, "hide", Category.objects.filter(path="home"))
    assert set(Category.objects.filter(offered=True).values_list("path", flat=True)) == {"clothes"}
    answer = act(browser, "offer", Category.objects.filter(path="home/kitchen"))
    assert texts(answer) == ["3 categories changed."]
    assert not Category.objects.filter(offered=False).exists()
    assert {"category.hide", "category.offer"} <= set(actions())


def test_terms_are_merged_into_another_one_that_is_asked_for(browser, vocabulary, boss):
    chosen = Term.objects.filter(key__in=["red", "blue"])
    asked = act(browser, "merge", chosen)
    assert b"Merge into" in asked.content
    assert b"is no other value" in act(browser, "merge", chosen, into="red").content
    act(browser, "merge", chosen, into="Green")
    merged = Term.objects.filter(state=TermState.MERGED, merged_into__key="green")
    assert set(merged.values_list("key", flat=True)) == {"red", "blue"}


def test_terms_of_two_attributes_are_not_merged(browser, vocabulary):
    answer = act(browser, "merge", Term.objects.filter(key__in=["red", "wood"]))
    assert "one attribute" in texts(answer)[0]


def test_lists_take_as_many_queries_for_many_rows(
    browser, vocabulary, django_assert_max_num_queries
):
    home = Category.objects.get(path="home")
    Category.objects.bulk_create(
        Category(parent=home, slug=f"c{n}", path=f"home/c{n}", labels={"en": f"C{n}"})
        for n in range(300)
    )
    color = vocabulary["color"]
    Term.objects.bulk_create(
        Term(attribute=color, key=f"t{n}", labels={"en": f"T{n}"}) for n in range(300)
    )
    for name in ("category", "attributedefinition", "term"):
        address = reverse(f"admin:catalog_{name}_changelist")
        browser.get(address)
        with django_assert_max_num_queries(12):
            assert browser.get(address, {"q": "t1"}).status_code == 200
    page = browser.get(reverse("admin:catalog_attributedefinition_change", args=[color.pk]))
    assert b"terms-TOTAL_FORMS" not in page.content
    assert f"?attribute__id__exact={color.pk}".encode() in page.content
