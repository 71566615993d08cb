"""What pages show of approved versions, and what can be done with them there."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalog.approval.diff import word_changes
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.products import product_update
from catalog.services.variants import variant_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(make_product, vocabulary):
    return make_product(
        "Red mug",
        status="approved",
        description="Holds hot tea.",
        price="10",
        attributes={"color": ["red"]},
    )


@pytest.fixture
def changed(mug, person):
    fields = {"title": "Blue mug", "description": "Holds cold tea."}
    product_update(product=mug, actor=person, fields=fields)
    variant_update(variant=mug.variants.get(), actor=person, price="12.5")
    attribute_set(product=mug, field="color", value=["blue"], actor=person)
    return mug


@pytest.fixture
def page(client, person):
    """The page at an address, as `user` sees it (the owner, unless told)."""

    def get(address, user=None):
        client.force_login(user or person)
        return client.get(address)

    return get


def rows(groups) -> dict[str, str]:
    """The changes of a page, by label, as in "-red +blue"."""
    marks = {"gone": "-", "new": "+", "same": "", "none": "?"}
    return {
        row["label"]: " ".join(
            f"{marks[piece['kind']]}{piece['text'].strip()}" for piece in row["pieces"]
        )
        for group in groups
        for row in group["rows"]
    }


def test_page_says_what_changed_since_approval(changed, page):
    approval = page(changed.get_absolute_url()).context["approval"]
    assert approval["by"] == "ada"
    assert rows(approval["groups"]) == {
        "Title": "-Red +Blue mug",
        "Description": "Holds -hot +cold tea.",
        "Price": "-10.00 +12.50",
        "Color": "-Red +Blue",
    }


def test_tags_that_changed_are_shown(mug, page, person):
    product_update(product=mug, actor=person, fields={"tags": ["tea", "gift"]})
    approval = page(mug.get_absolute_url()).context["approval"]
    assert rows(approval["groups"]) == {"Tags": "?empty +tea, gift"}


def test_page_says_what_machines_have_added_and_that_it_goes_out_once_approved(mug, page):
    said = {mug: [MachineValue("material", ["wood"], 0.9)]}
    machine_values_record(said=said, source="zero-shot", model="m")
    answer = page(mug.get_absolute_url())
    assert rows(answer.context["approval"]["groups"]) == {"Material": "?empty +wood"}
    assert "Added by machines since it was approved" in answer.text
    assert "Changed since it was approved" not in answer.text
    assert "Approve again" in answer.text


def test_the_list_leads_to_what_machines_have_added_to(mug, page, catalog):
    said = {mug: [MachineValue("material", ["wood"], 0.9)]}
    machine_values_record(said=said, source="zero-shot", model="m")
    address = reverse("catalog:products", args=[catalog.slug])
    (tab,) = [
        tab for tab in page(address).context["tabs"] if tab["label"] == "Added to by machines"
    ]
    assert tab["count"] == 1
    assert "Red mug" in page(tab["url"]).text


def test_page_says_nothing_of_what_did_not_change(mug, page):
    assert page(mug.get_absolute_url()).context["approval"] is None


def test_editor_is_told_who_approves(changed, page, make_user, catalog):
    editor = make_user()
    catalog.memberships.create(user=editor, role="editor")
    answer = page(changed.get_absolute_url(), editor)
    assert not answer.context["approval"]["may_approve"]
    assert "Reviewers and owners approve." in answer.content.decode()


def test_approving_again_and_undoing_it(changed, page, client):
    page(changed.get_absolute_url())
    address = f"{changed.get_absolute_url()}status/"
    answer = client.post(address, {"status": "approved"}, follow=True)
    assert "Approved again." in answer.content.decode()
    assert answer.context["approval"] is None
    (message,) = answer.context["messages"]
    answer = client.post(message.extra_tags, follow=True)
    assert answer.context["approval"]["version"].number == 1


def test_going_back_and_undoing_it(changed, page, client):
    page(changed.get_absolute_url())
    answer = client.post(f"{changed.get_absolute_url()}versions/1/back/", follow=True)
    assert answer.context["approval"] is None
    assert answer.context["title"] == "Red mug"
    (message,) = answer.context["messages"]
    answer = client.post(message.extra_tags, follow=True)
    assert answer.context["title"] == "Blue mug"


def test_history_links_to_the_version(changed, page):
    events = page(changed.get_absolute_url()).context["history"]
    (approved,) = [event for event in events if event["text"] == "Approved as"]
    assert approved["detail"] == "version 1"
    assert rows(page(approved["url"]).context["groups"])["Title"] == "?empty +Red mug"


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("", None),
        ("?from=1", "-Red +Blue mug"),
        ("?from=1&to=2", "-Red +Blue mug"),
        ("?from=2&to=1", "-Blue +Red mug"),
        ("?to=1", "?empty +Red mug"),
        ("?from=nothing&to=now", "?empty +Blue mug"),
        ("?from=99&to=x", None),
    ],
)
def test_any_two_versions_are_compared(changed, page, person, query, title):
    product_update(product=changed, actor=person, fields={"status": "approved"})
    answer = page(f"{changed.get_absolute_url()}versions/{query}")
    assert rows(answer.context["groups"]).get("Title") == title


def test_product_that_was_never_approved_has_no_versions(make_product, page):
    answer = page(f"{make_product().get_absolute_url()}versions/")
    assert "Never approved" in answer.content.decode()


def test_what_people_wrote_is_text_on_the_page(mug, page, person):
    product_update(product=mug, actor=person, fields={"title": "<script>x</script>"})
    assert b"<script>x" not in page(mug.get_absolute_url()).content


def test_texts_are_compared_by_words():
    assert word_changes("a red mug", "a blue mug, new") == [
        ("same", "a "),
        ("gone", "red"),
        ("new", "blue"),
        ("same", " mug"),
        ("new", ", new"),
    ]


def test_endless_texts_are_not_compared_by_words():
    old, new = "a " * 3000, "b " * 3000
    assert word_changes(old, new) == [("gone", old), ("new", new)]
