"""The product's page: what machines suggest, decided on there, and acts taken back."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import CurrentAttribute, LedgerEntry, Source, VisionTask
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.products import product_update

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def product(make_product, vocabulary):
    product = make_product("Mug")
    said = [
        MachineValue("title", ["A fine mug"], 0.9),
        MachineValue("description", ["It holds tea."], 0.6),
        MachineValue(
            "alt_text", ["A mug from the left"], 0.7, photo_id=product.placements.get().photo_id
        ),
        MachineValue("color", ["red"], 0.85, said_confidence=0.95),
    ]
    machine_values_record(said={product: said}, source=Source.VISION_LLM, model="qwen/qwen3")
    return product


@pytest.fixture
def browse(client, person):
    client.force_login(person)
    return client


def entry(field: str) -> LedgerEntry:
    return LedgerEntry.objects.get(field=field, source=Source.VISION_LLM)


def url(name: str, product, *args) -> str:
    return reverse(f"catalog:{name}", args=[product.catalog.slug, product.pk, *args])


def page(client, product) -> str:
    return client.get(product.get_absolute_url()).content.decode()


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_page_shows_what_is_suggested_beside_what_is(browse, product):
    shown = page(browse, product)
    assert "<del>Mug</del> <ins>A fine mug</ins>" in shown
    assert "A mug from the left" in shown
    assert "It holds tea." in shown


def test_values_tell_where_they_come_from_and_why(browse, product):
    shown = page(browse, product)
    assert "Vision model</span>" in shown
    assert "Said by qwen/qwen3." in shown
    assert "Sure, 85 %" in shown
    assert "The model itself is 95 % sure." in shown


def test_what_else_was_weighed_is_told_in_words(browse, product):
    evidence = {
        "agreement": {"source": "zero-shot", "value": ["blue"], "agrees": -1.0},
        "neighbours": {"of": 4, "agree": 3, "products": []},
        "decisions": 240,
    }
    LedgerEntry.objects.filter(field="color").update(evidence=evidence)
    shown = page(browse, product)
    assert "The comparison of the photo with words says otherwise: Blue." in shown
    assert "3 of 4 confirmed products that look like it have the same." in shown
    assert "going by 240 decisions made here" in shown


def test_accepted_value_tells_both_who_wrote_and_who_accepted_it(browse, product):
    browse.post(url("suggestion_accept", product, entry("color").pk))
    assert "Vision model, accepted by ada" in page(browse, product)


def test_accepting_answers_with_the_parts_that_changed(browse, product):
    row = entry("title")
    answer = browse.post(url("suggestion_accept", product, row.pk), **HTMX)
    assert 'hx-swap-oob="true">A fine mug</h1>' in answer.content.decode()
    assert url("suggestion_undo", product, row.pk) in answer["HX-Trigger"]


def test_without_javascript_a_decision_leads_back_to_the_page(browse, product):
    answer = browse.post(url("suggestion_reject", product, entry("title").pk))
    assert (answer.status_code, answer.url) == (302, product.get_absolute_url())
    assert told(answer) == ["Title rejected."]
    assert "A fine mug" not in page(browse, product).split('id="history-title"')[0]


def test_undo_of_a_decision_says_what_stays(browse, product, person):
    row = entry("title")
    browse.post(url("suggestion_accept", product, row.pk))
    product.refresh_from_db()
    product_update(product=product, actor=person, fields={"title": "My mug"})
    answer = browse.post(url("suggestion_undo", product, row.pk))
    assert "changed by hand since stays" in told(answer)[-1]


def test_suggestion_that_was_withdrawn_is_refused_with_the_reason(browse, product):
    row = entry("title")
    said = {product: [MachineValue("title", ["Another mug"], 0.9)]}
    machine_values_record(said=said, source=Source.VISION_LLM, model="qwen/qwen3")
    answer = browse.post(url("suggestion_accept", product, row.pk), **HTMX)
    assert (answer.status_code, answer.content) == (
        400,
        b"Title: This suggestion was withdrawn meanwhile.",
    )


def test_own_words_stand_in_place_of_a_suggestion(browse, product):
    row = entry("description")
    form = browse.get(url("suggestion_edit", product, row.pk), **HTMX).content.decode()
    assert "It holds tea.</textarea>" in form
    browse.post(url("suggestion_edit", product, row.pk), {"value": "It holds coffee."})
    product.refresh_from_db()
    row.refresh_from_db()
    assert (product.description, row.decision) == ("It holds coffee.", "rejected")


def test_own_value_that_does_not_fit_comes_back_with_the_reason(browse, product):
    row = entry("color")
    answer = browse.post(url("suggestion_edit", product, row.pk), {"value": "plasma"}, **HTMX)
    assert answer.status_code == 422
    assert "plasma" in answer.content.decode()


def test_all_that_is_sure_is_accepted_and_undone_at_once(browse, product):
    answer = browse.post(url("suggestions_accept", product), **HTMX)
    assert "2 suggestions accepted." in answer["HX-Trigger"]
    assert set(LedgerEntry.objects.filter(decision="accepted").values_list("field", flat=True)) == {
        "title",
        "color",
    }
    browse.post(url("act_undo", product, "decided", entry("color").pk))
    assert not LedgerEntry.objects.exclude(decision="").exists()


def test_disagreeing_value_is_suggested_beside_the_person_s(browse, product, person):
    attribute_set(product=product, field="color", value="blue", actor=person)
    panel = page(browse, product).split('id="suggestions"')[1].split("</section>")[0]
    assert 'class="chip chip--value">Blue</del>' in panel
    assert "Red" in panel


def test_history_names_acts_and_undoes_them(browse, product, person):
    attribute_set(product=product, field="material", value="wood", actor=person)
    row = LedgerEntry.objects.get(field="material")
    shown = page(browse, product)
    assert "Set: Material" in shown
    assert "Described: Title, Description, Alternative text and 1 more" in shown
    browse.post(url("act_undo", product, "wrote", row.pk))
    assert not CurrentAttribute.objects.filter(field="material").exists()


def test_history_of_a_field_tells_everything_that_was_said(browse, product, person):
    attribute_set(product=product, field="color", value="blue", actor=person)
    browse.post(url("suggestion_reject", product, entry("color").pk))
    shown = browse.get(url("field_history", product, "color")).content.decode()
    assert shown.count("Counts now") == 1
    assert "Blue" in shown
    assert "Red" in shown
    assert "Rejected by ada" in shown


def test_history_of_a_field_that_does_not_exist_is_not_found(browse, product):
    assert browse.get(url("field_history", product, "no-such")).status_code == 404


def test_entry_of_another_product_is_not_found(browse, product, make_product):
    other = make_product("Bowl")
    answer = browse.post(url("suggestion_accept", other, entry("title").pk))
    assert answer.status_code == 404


def test_what_photos_do_not_show_is_said(browse, product):
    VisionTask.objects.update_or_create(
        product=product, defaults={"cannot_tell": ["the composition"]}
    )
    assert "The photos do not show: the composition" in page(browse, product)


@pytest.mark.parametrize(
    ("role", "decides", "edits"),
    [("editor", False, True), ("reviewer", True, False), ("viewer", False, False)],
)
def test_page_offers_what_the_role_allows(
    client, make_user, product, catalog, role, decides, edits
):
    user = make_user(role)
    catalog.memberships.create(user=user, role=role)
    client.force_login(user)
    shown = page(client, product)
    row = entry("title")
    assert (url("suggestion_accept", product, row.pk) in shown) == decides
    assert (url("suggestion_edit", product, row.pk) in shown) == edits


def test_hostile_words_of_a_machine_stay_words(browse, product):
    said = {product: [MachineValue("title", ["<script>alert(1)</script>"], 0.9)]}
    machine_values_record(said=said, source=Source.VISION_LLM, model="<b>m</b>")
    shown = page(browse, product)
    assert "<script>alert" not in shown
    assert "<b>m</b>" not in shown


def test_page_takes_as_many_queries_for_many_values_as_for_few(browse, product, person):
    attribute_set(product=product, field="style", value="plain", actor=person)
    page(browse, product)  # fills what is cached for all pages
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            page(browse, product)
        counts.append(len(queries))
        for field, value in (("material", "wood"), ("height", 3), ("organic", "yes")):
            attribute_set(product=product, field=field, value=value, actor=person)
    assert counts[0] == counts[1]
