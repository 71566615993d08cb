"""Products found by what is said of them, and acts on many of them that can be undone as a whole."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Batch, CurrentAttribute, LedgerEntry, Source
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.suggestions import suggestion_decide
from tests.catalog.admin.browser_form import texts

pytestmark = pytest.mark.django_db
LIST = "admin:catalog_product_changelist"


@pytest.fixture
def mugs(make_product, vocabulary):
    return [make_product(f"Mug {n}", color=None) for n in range(3)]


@pytest.fixture
def says(mugs):
    """What the vision model says of a mug."""

    def say(mug, field, value, confidence):
        said = {mug: [MachineValue(field, [value], confidence)]}
        machine_values_record(said=said, source=Source.VISION_LLM, model="qwen")
        return LedgerEntry.objects.latest("pk")

    return say


def listed(browser, **query) -> set[str]:
    answer = browser.get(reverse(LIST), query)
    return {product.title for product in answer.context["cl"].result_list}


def act(client, name, products, **form):
    data = {"action": name, "_selected_action": [product.pk for product in products], **form}
    return client.post(reverse(LIST), data, follow=True)


def test_products_are_found_by_attribute_then_value(browser, mugs, person):
    for mug, value in zip(mugs, ("wood", "steel"), strict=False):
        attribute_set(product=mug, field="material", value=value, actor=person)
    assert listed(browser, attribute="material") == {"Mug 0", "Mug 1"}
    assert listed(browser, attribute="material", value="steel") == {"Mug 1"}
    answer = browser.get(reverse(LIST), {"attribute": "material"})
    assert "steel (1)" in answer.content.decode()


def test_products_are_found_by_source_confidence_and_suggestions(browser, mugs, says, person):
    says(mugs[0], "color", "red", 0.9)
    says(mugs[1], "color", "red", 0.3)
    attribute_set(product=mugs[2], field="color", value="red", actor=person)
    assert listed(browser, source="person") == {"Mug 2"}
    assert listed(browser, confidence="low") == {"Mug 1"}
    assert listed(browser, confidence="high", attribute="color") == {"Mug 0"}
    assert listed(browser, suggestions="yes") == {"Mug 0", "Mug 1"}
    assert listed(browser, suggestions="no") == {"Mug 2"}


def test_filtered_list_takes_as_many_queries_for_many_products(browser, make_product, mugs, person):
    query = {"attribute": "material", "value": "wood", "source": "person"}
    counts = []
    for _ in range(2):
        for mug in (make_product(color=None), make_product(color=None)):
            attribute_set(product=mug, field="material", value="wood", actor=person)
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse(LIST), query)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_attribute_is_set_on_many_as_one_act(browser, mugs, boss):
    asked = act(browser, "set_attribute", mugs[:2])
    assert "It is one act" in asked.content.decode()
    assert not LedgerEntry.objects.exists()
    done = act(browser, "set_attribute", mugs[:2], apply="1", field="color", text="red, blue")
    assert [row.value for row in CurrentAttribute.objects.all()] == [["red", "blue"]] * 2
    batch = Batch.objects.get()
    assert (batch.created_by, batch.entries.count()) == (boss, 2)
    assert reverse("catalog:batch", args=[batch.catalog.slug, batch.pk]) in texts(done)[0]


def test_value_that_does_not_fit_is_refused_beside_its_field(browser, mugs):
    done = act(browser, "set_attribute", mugs, apply="1", field="material", text="jelly")
    assert "is not one of its values" in done.content.decode()
    assert not Batch.objects.exists()


def test_attribute_is_emptied_on_many(browser, mugs, person):
    attribute_set(product=mugs[0], field="color", value="red", actor=person)
    act(browser, "clear_attribute", mugs, apply="1", field="color")
    assert {row.value for row in CurrentAttribute.objects.all()} == {None}


def test_sure_suggestions_are_accepted_as_one_act(browser, mugs, says):
    sure, unsure = says(mugs[0], "color", "red", 0.9), says(mugs[1], "color", "red", 0.3)
    act(browser, "accept_suggestions", mugs, apply="1", at_least="0.8")
    sure.refresh_from_db()
    unsure.refresh_from_db()
    assert (sure.decision, unsure.decision) == ("accepted", "")
    assert Batch.objects.get().decisions.get() == sure


def test_act_on_products_of_two_catalogues_is_one_act_each(
    browser, mugs, make_product, make_catalog, person
):
    other = make_product("Bowl", catalog=make_catalog("Other", owner=person), color=None)
    act(browser, "set_attribute", [mugs[0], other], apply="1", field="color", text="red")
    assert Batch.objects.count() == 2


def test_editor_sets_and_does_not_accept(staff, mugs, says, catalog):
    editor = staff(catalog, "editor")
    entry = says(mugs[0], "color", "red", 0.9)
    act(editor, "set_attribute", mugs[:1], apply="1", field="material", text="wood")
    assert CurrentAttribute.objects.filter(field="material").exists()
    act(editor, "accept_suggestions", mugs, apply="1", at_least="0")
    entry.refresh_from_db()
    assert entry.decision == ""


def test_reviewer_accepts_and_does_not_set(staff, mugs, says, catalog):
    reviewer = staff(catalog, "reviewer")
    entry = says(mugs[0], "color", "red", 0.9)
    act(reviewer, "accept_suggestions", mugs, apply="1", at_least="0")
    act(reviewer, "set_attribute", mugs[:1], apply="1", field="material", text="wood")
    entry.refresh_from_db()
    assert entry.decision == "accepted"
    assert not CurrentAttribute.objects.filter(field="material").exists()


def test_describing_again_leads_to_what_it_takes(browser, mugs):
    data = {"action": "describe_again", "_selected_action": [mug.pk for mug in mugs]}
    answer = browser.post(reverse(LIST), data)
    address = reverse("catalog:describe", args=[mugs[0].catalog.slug])
    assert answer.url.startswith(f"{address}?again=1&product=")


def test_page_of_a_product_tells_who_said_and_who_confirmed(browser, mugs, says, person):
    suggestion_decide(entry=says(mugs[0], "color", "red", 0.9), accept=True, actor=person)
    says(mugs[0], "title", "A fine mug", 0.7)
    page = browser.get(reverse("admin:catalog_product_change", args=[mugs[0].pk]))
    shown = page.content.decode()
    assert "qwen" in shown
    assert "ada" in shown
    assert "A fine mug" in shown


def test_product_with_suggestions_is_saved(form_of, mugs, says):
    says(mugs[0], "title", "A fine mug", 0.7)
    form = form_of(mugs[0])
    form["title"] = "My mug"
    form.save()
    mugs[0].refresh_from_db()
    assert mugs[0].title == "My mug"


def test_batches_are_undone_and_restored_from_their_list(browser, mugs):
    act(browser, "set_attribute", mugs, apply="1", field="color", text="red")
    batch = Batch.objects.get()
    url = reverse("admin:catalog_batch_changelist")
    for action, left in (("undo", 0), ("restore", 3)):
        browser.post(url, {"action": action, "_selected_action": [batch.pk]})
        assert CurrentAttribute.objects.count() == left
    answer = browser.post(url, {"action": "restore", "_selected_action": [batch.pk]}, follow=True)
    assert "This is not undone." in texts(answer)[-1]


def test_viewer_undoes_no_batch(staff, mugs, catalog, browser):
    act(browser, "set_attribute", mugs, apply="1", field="color", text="red")
    url = reverse("admin:catalog_batch_changelist")
    staff(catalog, "viewer").post(
        url, {"action": "undo", "_selected_action": [Batch.objects.get().pk]}
    )
    assert CurrentAttribute.objects.count() == 3


def test_list_of_the_ledger_takes_as_many_queries_for_many_rows(browser, mugs, says):
    counts = []
    for n in range(2):
        for mug in mugs:
            says(mug, "color", ("red", "blue")[n], 0.5)
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse("admin:catalog_ledgerentry_changelist"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
