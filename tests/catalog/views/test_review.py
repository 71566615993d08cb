"""The review's pages as forms and as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from catalog.models import Decision, LedgerEntry, Membership, Product, ReviewSample, Role, Source
from catalog.services.ledger import MachineValue, machine_values_record
from catalog.views import review_grid as review_grid_views

pytestmark = pytest.mark.django_db


@pytest.fixture
def suggest(catalog, vocabulary):
    def make(count=1, field="color", value=("blue",), title="") -> list[LedgerEntry]:
        first = Product.objects.count()
        products = Product.objects.bulk_create(
            Product(catalog=catalog, handle=f"thing-{n}", title=title or f"Thing {n}")
            for n in range(first, first + count)
        )
        said = {p: [MachineValue(field, list(value), 0.6)] for p in products}
        machine_values_record(said=said, source=Source.VISION_LLM, model="m")
        return list(LedgerEntry.objects.order_by("-pk")[:count])

    return make


@pytest.fixture
def page(client, catalog, person):
    """The catalogue's review, as its owner."""
    client.force_login(person)
    return Page(client, catalog.slug)


class Page:
    def __init__(self, client: Any, slug: str) -> None:
        self.client, self.slug = client, slug

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"catalog:{name}", args=[self.slug, *args])

    def get(self, name: str, *args: Any, **query: Any) -> Any:
        return self.client.get(self.url(name, *args), query)

    def post(self, name: str, *args: Any, **form: Any) -> Any:
        return self.client.post(self.url(name, *args), form)

    def decide(self, *decisions: dict, **body: Any) -> Any:
        text = json.dumps({"decisions": list(decisions), **body})
        return self.client.post(self.url("review_decide"), text, content_type="application/json")


def messages(response: Any) -> list[tuple[str, str]]:
    return [(str(m), m.extra_tags) for m in get_messages(response.wsgi_request)]


def decisions() -> list[str]:
    return list(LedgerEntry.objects.order_by("pk").values_list("decision", flat=True))


def test_page_shows_the_suggestion_with_its_keys(page, suggest):
    suggest(title="Blue mug")
    text = page.get("review").content.decode()
    for part in ("Blue mug", "60 % sure", 'aria-keyshortcuts="a Enter"', "review.js"):
        assert part in text


def test_page_says_when_nothing_waits(page):
    assert "Nothing waits for a decision" in page.get("review").content.decode()


def test_form_decides_and_offers_to_undo(page, suggest):
    (entry,) = suggest()
    answer = page.post("review_decide", entry=entry.pk, act="accept", field="color")
    assert answer.url == page.url("review") + "?field=color"
    assert decisions() == [Decision.ACCEPTED]
    ((text, undo),) = messages(answer)
    assert (text, undo) == ("Accepted.", page.url("review_undo", entry.pk))
    page.client.post(undo)
    assert decisions() == [Decision.NONE]


def test_form_skips_by_going_on_behind_it(page, suggest):
    first, second = suggest(2)[::-1]
    answer = page.post("review_decide", entry=first.pk, act="skip")
    assert f"after={first.pk}" in answer.url
    assert f"suggestion-{second.pk}" in page.client.get(answer.url).content.decode()


def test_form_takes_another_value_from_a_button_or_a_list(page, suggest):
    one, other = suggest(2)
    page.post("review_decide", entry=one.pk, set="red")
    page.post("review_decide", entry=other.pk, act="edit", value=["green"])
    said = LedgerEntry.objects.filter(source=Source.PERSON).order_by("pk")
    assert list(said.values_list("product", "value")) == [
        (one.product_id, ["red"]),
        (other.product_id, ["green"]),
    ]


@pytest.mark.parametrize(
    "form", [{}, {"act": "burn"}, {"act": "edit"}, {"act": "edit", "value": ""}]
)
def test_form_that_says_nothing_useful_changes_nothing(page, suggest, form):
    (entry,) = suggest()
    page.post("review_decide", entry=entry.pk, **form)
    assert decisions() == [Decision.NONE]


def test_script_s_decisions_are_answered_for_one_by_one(page, suggest):
    one, other = suggest(2)
    answer = page.decide(
        {"entry": one.pk, "act": "accept"},
        {"entry": other.pk, "act": "edit", "value": ["mauve"]},
        {"entry": 12345678, "act": "accept"},
    ).json()
    states = [outcome["state"] for outcome in answer["outcomes"]]
    assert states == ["done", "refused", "refused"]
    assert "mauve" in answer["outcomes"][1]["message"]


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{}",
        "null",
        '{"decisions": []}',
        '{"decisions": [1]}',
        '{"decisions": {"a": 1}}',
        '{"decisions": [{"entry": 1, "act": "burn"}]}',
        '{"decisions": [{"entry": [], "act": {}}]}',
        '{"decisions": [{"entry": 1, "act": "accept"}], "sample": 1e999}',
        '{"decisions": ' + "[" * 100_000,
    ],
)
def test_body_that_cannot_be_read_is_refused(page, body):
    answer = page.client.post(page.url("review_decide"), body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"


def test_script_gets_the_next_ones_and_what_they_can_be(page, suggest):
    entries = suggest(3)
    answer = page.get("review_items", n=2).json()
    assert [item["id"] for item in answer["items"]] == sorted(e.pk for e in entries)[:2]
    assert (answer["left"], answer["more"]) == (3, True)
    ((_, options),) = answer["options"].items()
    assert [option["value"] for option in options] == ["blue", "green", "red"]
    rest = page.get("review_items", n=2, after=answer["items"][-1]["id"]).json()
    assert len(rest["items"]) == 1
    assert not rest["more"]


@pytest.mark.parametrize("query", [{"n": "x"}, {"after": "9" * 30}, {"sample": "9"}, {"band": "?"}])
def test_addresses_that_mean_nothing_do_no_harm(page, suggest, query):
    suggest()
    assert page.get("review_items", **query).status_code in {200, 404}
    assert page.get("review", **query).status_code in {200, 404}


@pytest.mark.parametrize(
    ("role", "act", "status"),
    [
        (Role.REVIEWER, {"act": "accept"}, 200),
        (Role.REVIEWER, {"act": "edit", "value": ["red"]}, 403),
        (Role.EDITOR, {"act": "accept"}, 403),
        (Role.EDITOR, {"act": "reject"}, 403),
        (Role.EDITOR, {"act": "edit", "value": ["red"]}, 200),
    ],
)
def test_reviewers_decide_and_editors_edit(page, suggest, make_user, role, act, status):
    (entry,) = suggest()
    user = make_user("eve")
    Membership.objects.create(user=user, catalog=entry.product.catalog, role=role)
    page.client.force_login(user)
    assert page.decide({"entry": entry.pk, **act}).status_code == status
    assert (decisions()[0] == Decision.NONE) == (status == 403)
    assert page.decide({"entry": entry.pk, "act": "undo"}).status_code == 200
    assert LedgerEntry.objects.get(pk=entry.pk).awaits_review


def test_proposed_value_says_what_it_is(page, suggest, vocabulary):
    vocabulary["color"].terms.create(key="mauve", labels={"en": "Mauve"}, state="proposed")
    (entry,) = suggest()
    LedgerEntry.objects.filter(pk=entry.pk).update(value=["mauve"])
    text = page.get("review").content.decode()
    assert "Not in the vocabulary yet: Mauve" in text
    assert f'href="{page.url("terms")}"' in text


# --- the grid -----------------------------------------------------------------------------------


def test_grid_groups_equal_values_the_most_frequent_first(page, suggest):
    suggest(1, value=["red"])
    suggest(3, value=["blue"])
    sections = page.get("review_grid", field="color").context["cards"]
    assert [(s["suggested"][0]["label"], len(s["cards"])) for s in sections] == [
        ("Blue", 3),
        ("Red", 1),
    ]


def test_grid_shows_one_value_alone(page, suggest):
    suggest(1, value=["red"])
    suggest(3, value=["blue"])
    context = page.get("review_grid", field="color", value='["red"]').context
    assert [len(section["cards"]) for section in context["cards"]] == [1]
    assert page.get("review_grid", field="color", value="{").status_code == 404


@pytest.mark.parametrize(
    "value",
    ["[" * 20_000, "[NaN]", "[1e999]", '["\\u0000"]', '["\\ud800"]', "[{}]", "[[]]", "5", "x"],
)
def test_grid_of_a_value_that_cannot_be_is_not_found(page, suggest, value):
    suggest()
    assert page.get("review_grid", field="color", value=value).status_code == 404


@pytest.mark.parametrize("name", ["review", "review_items", "review_grid", "review_samples"])
@pytest.mark.parametrize("parameter", ["field", "category"])
def test_names_that_no_database_compares_narrow_nothing(page, suggest, name, parameter):
    suggest()
    assert page.get(name, **{parameter: "\x00"}).status_code in {200, 302}


@pytest.mark.parametrize(
    ("act", "wanted"),
    [
        ("accept", ["accepted", "accepted", "accepted"]),
        ("accept_unmarked", ["", "accepted", "accepted"]),
        ("accept_marked", ["accepted", "", ""]),
        ("reject", ["rejected", "", ""]),
        ("change", ["rejected", "", ""]),
    ],
)
def test_grid_acts_once_and_is_undone_once(page, suggest, act, wanted):
    first, *others = suggest(3)[::-1]
    machine = LedgerEntry.objects.filter(source=Source.VISION_LLM).order_by("pk")
    answer = page.post(
        "review_grid_act",
        act=act,
        field="color",
        entry=[first.pk, *(entry.pk for entry in others)],
        marked=[first.pk],
        value=["red"],
    )
    assert list(machine.values_list("decision", flat=True)) == wanted
    changed = LedgerEntry.objects.filter(source=Source.PERSON, retracted_at=None)
    assert changed.count() == (act == "change")
    ((_, undo),) = messages(answer)
    back = page.client.post(undo)
    assert back.url.startswith(page.url("review_grid"))
    assert set(machine.values_list("decision", flat=True)) == {""}
    assert not changed.exists()
    assert machine.filter(awaits_review=True).count() == 3


def test_grid_leaves_alone_what_was_decided_on_meanwhile(page, suggest):
    one, other = suggest(2)
    page.decide({"entry": one.pk, "act": "reject"})
    answer = page.post("review_grid_act", act="accept", field="color", entry=[one.pk, other.pk])
    assert decisions().count("accepted") == 1
    assert messages(answer)[0][0].startswith("1 accepted. 1 left alone")


def test_grid_of_texts_is_the_queue(page, suggest):
    suggest(field="title", value=["A mug"])
    assert page.get("review_grid", field="title").url == page.url("review") + "?field=title"
    assert page.get("review_grid").url == page.url("review_picker")


def test_picker_offers_a_sample_where_it_leaves_some_to_speak_for(page, suggest, monkeypatch):
    suggest(2)
    monkeypatch.setattr(review_grid_views, "SIZE", 1)
    (field,) = page.get("review_picker").context["fields"]
    assert field["sample_url"] == page.url("review_samples") + "?field=color"
    monkeypatch.setattr(review_grid_views, "SIZE", 2)
    (field,) = page.get("review_picker").context["fields"]
    assert field["sample_url"] == ""


def test_picker_counts_by_field_and_category(page, suggest):
    suggest(2)
    (field,) = page.get("review_picker").context["fields"]
    assert (field["label"], field["count"]) == ("Color", 2)
    assert [(c["label"], c["count"]) for c in field["categories"]] == [("No category", 2)]


# --- samples ------------------------------------------------------------------------------------


def test_sample_is_drawn_judged_and_its_rest_accepted_and_undone(page, suggest):
    suggest(103)
    judging = page.post("review_sample_draw", field="color").url
    sample = ReviewSample.objects.get()
    assert judging == page.url("review") + f"?sample={sample.pk}"
    while drawn := page.get("review_items", sample=sample.pk, n=30).json()["items"]:
        answer = page.decide(
            *({"entry": item["id"], "act": "accept"} for item in drawn), sample=sample.pk
        )
    assert "100 of 100 right: 100 %" in answer.json()["sample"]
    assert "all 3" in page.get("review_sample", sample.pk).content.decode()
    page.post("review_sample_accept", sample.pk)
    assert decisions().count("accepted") == 103
    text = page.get("review_sample", sample.pk).content.decode()
    assert "Undo the whole batch" in text
    undo = page.url("review_batch_undo", sample.batch_id or ReviewSample.objects.get().batch_id)
    assert page.client.post(f"{undo}?sample={sample.pk}").url == page.url(
        "review_sample", sample.pk
    )
    assert decisions().count("accepted") == 100


def test_sample_page_says_what_it_means_for_the_rest(page, suggest):
    suggest(120)
    page.post("review_sample_draw", field="color")
    sample = ReviewSample.objects.get()
    first = page.get("review_items", sample=sample.pk, n=10).json()["items"]
    page.decide(*({"entry": i["id"], "act": "accept"} for i in first), sample=sample.pk)
    text = page.get("review_sample", sample.pk).content.decode()
    assert "Of the 110 left about 0 to 31 would be wrong" in text


def test_sample_of_another_catalogue_is_not_there(page, suggest, person, make_catalog):
    suggest()
    page.post("review_sample_draw", field="color")
    other = make_catalog("Other", owner=person)
    there = Page(page.client, other.slug)
    pk = ReviewSample.objects.get().pk
    assert there.get("review_sample", pk).status_code == 404
    assert there.get("review", sample=pk).status_code == 404
    assert there.post("review_sample_accept", pk).status_code == 404


def test_navigation_counts_what_is_open(page, suggest):
    suggest(2)
    assert '<span class="nav__count numeric">2' in page.get("products").content.decode()
