"""Proposed terms on the page of a catalogue: seen, accepted, mapped, rejected, undone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import LedgerEntry, Source, Term, TermState
from catalog.services.vocabulary import terms_decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def velvet(vocabulary):
    return Term.objects.create(
        attribute=vocabulary["material"],
        key="woods",
        labels={"en": "Woods"},
        state=TermState.PROPOSED,
    )


@pytest.fixture
def said(make_product, velvet):
    """Products of which a machine says the proposed term."""

    def say(count: int, **options):
        products = [make_product(**options) for _ in range(count)]
        for product in products:
            LedgerEntry.objects.create(
                product=product, field="material", value=["woods"], source=Source.VISION_LLM
            )
        return products

    return say


@pytest.fixture
def keeper(client, person):
    """Somebody who may change the vocabulary."""
    person.user_permissions.add(Permission.objects.get(codename="change_term"))
    client.force_login(person)
    return client


def page(client, catalog):
    return client.get(reverse("catalog:terms", args=[catalog.slug]))


def act(client, name: str, catalog, term, **form):
    url = reverse(f"catalog:{name}", args=[catalog.slug, term.pk])
    return client.post(url, form, follow=True)


def test_value_is_shown_with_its_products_and_what_it_may_mean(keeper, catalog, said):
    said(2)
    (group,) = page(keeper, catalog).context["groups"]
    (proposal,) = group["proposals"]
    assert (proposal["label"], proposal["products"]) == ("Woods", 2)
    assert len(proposal["examples"]) == 2
    assert [near["key"] for near in proposal["nearest"]] == ["wood"]


def test_what_only_other_catalogues_say_is_not_shown(keeper, catalog, said, make_catalog, person):
    said(1, catalog=make_catalog("Other", owner=person), color=None)
    assert page(keeper, catalog).context["groups"] == []


@pytest.mark.parametrize(
    ("name", "state"), [("term_accept", "active"), ("term_reject", "rejected")]
)
def test_decision_is_made_and_undone(keeper, catalog, said, velvet, name, state):
    said(1)
    act(keeper, name, catalog, velvet)
    velvet.refresh_from_db()
    assert velvet.state == state
    act(keeper, "term_undo", catalog, velvet)
    velvet.refresh_from_db()
    assert velvet.state == TermState.PROPOSED


def test_what_somebody_else_decided_since_is_not_undone(keeper, catalog, said, velvet, make_user):
    said(1)
    act(keeper, "term_accept", catalog, velvet)
    velvet.refresh_from_db()
    terms_decide(terms=[velvet], state=TermState.REJECTED, actor=make_user("bob"))
    answer = act(keeper, "term_undo", catalog, velvet)
    assert "Somebody has changed this value since" in answer.content.decode()
    velvet.refresh_from_db()
    assert velvet.state == TermState.REJECTED


def test_term_that_nobody_decided_on_here_is_not_reopened(keeper, catalog, vocabulary):
    wood = Term.objects.get(key="wood")
    act(keeper, "term_undo", catalog, wood)
    wood.refresh_from_db()
    assert wood.state == TermState.ACTIVE


@pytest.mark.parametrize("name", ["wood", "WOOD "])
def test_value_is_mapped_to_one_of_the_vocabulary_and_back(keeper, catalog, said, velvet, name):
    said(1)
    act(keeper, "term_map", catalog, velvet, into=name)
    velvet.refresh_from_db()
    assert (velvet.state, velvet.merged_into.key) == (TermState.MERGED, "wood")
    act(keeper, "term_undo", catalog, velvet)
    velvet.refresh_from_db()
    assert (velvet.state, velvet.merged_into) == (TermState.PROPOSED, None)


def test_mapping_to_what_is_not_there_says_so(keeper, catalog, velvet):
    answer = act(keeper, "term_map", catalog, velvet, into="plasma")
    assert "has no value “plasma”" in answer.content.decode()


def test_second_decision_is_refused(keeper, catalog, velvet):
    act(keeper, "term_accept", catalog, velvet)
    answer = act(keeper, "term_reject", catalog, velvet)
    assert "decided on this value already" in answer.content.decode()


def test_without_the_permission_it_is_there_to_read(client, person, catalog, said, velvet):
    client.force_login(person)
    said(1)
    shown = page(client, catalog).content.decode()
    assert "Woods" in shown
    assert reverse("catalog:term_accept", args=[catalog.slug, velvet.pk]) not in shown


def test_page_takes_as_many_queries_for_many_products_as_for_few(keeper, catalog, said):
    page(keeper, catalog)  # fills what is cached for all pages
    counts = []
    for _ in range(2):
        said(2)
        with CaptureQueriesContext(connection) as queries:
            page(keeper, catalog)
        counts.append(len(queries))
    assert counts[0] == counts[1]
