"""Panels of simulated shoppers: drawn, suggested, kept, edited by page, API and admin."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from catalog.models import AuditEvent
from catalog.services.catalogs import token_create
from tools import personas
from tools.kinds.twin_simulator.claims import LEFT_OUT, without_claims
from tools.models import Panel, PanelSource
from tools.personas import MOST, Persona
from tools.services.panels import panel_create, panel_delete, panel_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def panel(catalog, person):
    people = personas.by_rules(category="Mugs", audience="", count=3, seed=1)
    return panel_create(
        catalog=catalog, name="Regulars", personas=people, actor=person, source=PanelSource.RULES
    )


@pytest.fixture
def api(client, person):
    """Calls the API as ada."""
    _, token = token_create(user=person)

    def call(method, path, body=None):
        return getattr(client, method)(
            f"/api/v1{path}",
            data=None if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    return call


# --- Drawn and suggested ----------------------------------------------------------------------------


def test_same_seed_draws_the_same_shoppers():
    drawn = [
        personas.by_rules(category="Mugs", audience="students", count=6, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("count", [1, 6, MOST])
def test_every_drawn_shopper_is_complete_and_has_a_name_of_its_own(count):
    drawn = personas.by_rules(category="Mugs", audience="students", count=count, seed=4)
    assert len({persona.name for persona in drawn}) == count
    assert all(all(persona.model_dump().values()) for persona in drawn)
    assert "mugs" in drawn[0].about
    assert "students" in drawn[0].about


def test_shoppers_that_a_model_left_out_are_filled_up():
    drawn = personas.by_rules(category="", audience="", count=3, seed=1)
    suggested = [Persona(name="Nova"), Persona(name="nova")]
    assert [each.name for each in personas.filled_up(suggested, drawn)] == [
        "Nova",
        drawn[0].name,
        drawn[1].name,
    ]


# --- Services ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ([], "cannot be blank"),
        ([Persona(name=f"P{n}") for n in range(MOST + 1)], "1 to 24"),
        ([Persona(name="Ada"), Persona(name="ada")], "same name"),
    ],
)
def test_panel_that_makes_no_sense_is_refused(catalog, person, people, message):
    with pytest.raises(ValidationError, match=message):
        panel_create(catalog=catalog, name="Odd", personas=people, actor=person)


@pytest.mark.parametrize("part", ["about", "needs", "budget", "sceptical_of"])
def test_shopper_who_tells_how_much_people_buy_is_refused(panel, person, part):
    told = Persona(name="Ada", **{part: "Likes red. 70 % of customers buy this."})
    with pytest.raises(ValidationError, match="What is said of Ada"):
        panel_update(panel=panel, actor=person, personas=[told])
    panel.refresh_from_db()
    assert len(panel.personas) == 3


def test_shopper_of_whom_a_claim_was_left_out_is_kept(panel, person):
    (told,) = without_claims([Persona(name="Ada", about="70 % of customers buy this.")])
    panel_update(panel=panel, actor=person, personas=[told])
    assert panel.personas[0]["about"] == LEFT_OUT


def test_second_panel_of_a_name_is_refused(panel, catalog, person):
    with pytest.raises(ValidationError, match="has this name"):
        panel_create(catalog=catalog, name=panel.name, personas=[Persona(name="Ada")], actor=person)


def test_panel_whose_shoppers_were_changed_is_a_persons(panel, person):
    assert panel_update(panel=panel, actor=person, name="Others").source == PanelSource.RULES
    changed = panel_update(panel=panel, actor=person, personas=[Persona(name="Ada")])
    assert (changed.source, len(changed.personas)) == (PanelSource.PERSON, 1)


def test_what_was_done_with_a_panel_is_written_down(panel, person):
    panel_update(panel=panel, actor=person, name="Others")
    panel_delete(panel=panel, actor=person)
    actions = AuditEvent.objects.filter(target_type="panel").order_by("pk")
    assert [event.action for event in actions] == ["panel.create", "panel.update", "panel.delete"]


def test_panel_that_somebody_deleted_meanwhile_is_not_brought_back(panel, person):
    Panel.objects.filter(pk=panel.pk).delete()
    with pytest.raises(ValidationError, match="has deleted"):
        panel_update(panel=panel, actor=person, name="Others")


# --- Pages ------------------------------------------------------------------------------------------


def form_of(panel, **changes):
    """What a browser posts from the page of a panel."""
    values = {"name": panel.name, "audience": panel.audience, "category": panel.category}
    count = len(panel.personas)
    values |= {"people-TOTAL_FORMS": count + 1, "people-INITIAL_FORMS": count}
    for number, persona in enumerate(panel.personas):
        values |= {f"people-{number}-{name}": value for name, value in persona.items()}
    return {**values, **changes}


def test_panel_is_suggested_by_the_page_from_templates(client, catalog, person):
    client.force_login(person)
    address = reverse("tools:panels", args=[catalog.slug])
    assert b"Let the language model" not in client.get(address).content
    values = {"name": "New", "audience": "students", "category": "", "count": 4, "seed": 3}
    response = client.post(address, values)
    made = Panel.objects.get()
    assert response.url == made.get_absolute_url()
    assert (made.source, len(made.personas)) == (PanelSource.RULES, 4)


def test_shoppers_are_edited_added_and_removed_on_the_page(client, panel, person):
    client.force_login(person)
    address = panel.get_absolute_url()
    assert client.get(address).status_code == 200
    changes = {
        "people-0-name": "Ada",
        "people-1-DELETE": "on",
        "people-3-name": "Zoe",
        "people-3-about": "<script>alert(1)</script>",
    }
    assert client.post(address, form_of(panel, **changes)).status_code == 302
    third = panel.personas[2]["name"]
    panel.refresh_from_db()
    assert [each["name"] for each in panel.personas] == ["Ada", third, "Zoe"]
    assert b"<script>alert" not in client.get(address).content


def test_panel_without_shoppers_is_told_what_it_lacks(client, panel, person):
    client.force_login(person)
    changes = {f"people-{number}-DELETE": "on" for number in range(3)}
    response = client.post(panel.get_absolute_url(), form_of(panel, **changes))
    assert response.status_code == 422
    assert b"at least one shopper" in response.content


def test_what_is_refused_on_the_page_changes_nothing_that_it_shows(client, panel, person):
    client.force_login(person)
    claim = {"people-0-name": "Ada", "people-0-about": "70 % of customers buy this."}
    counts = {"people-TOTAL_FORMS": 1, "people-INITIAL_FORMS": 1}
    response = client.post(panel.get_absolute_url(), {"name": "Theirs", **counts, **claim})
    html = response.content.decode()
    assert response.status_code == 422
    assert "What is said of Ada" in html
    assert panel.get_source_display() in html
    assert "<h1>Regulars</h1>" in html


def test_panel_is_deleted_on_its_page(client, panel, person):
    client.force_login(person)
    client.post(reverse("tools:panel_delete", args=[panel.catalog.slug, panel.pk]))
    assert not Panel.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_others_than_editors_read_panels_and_change_none(client, panel, make_user, role):
    from catalog.models import Membership

    user = make_user()
    Membership.objects.create(user=user, catalog=panel.catalog, role=role)
    client.force_login(user)
    assert client.get(panel.get_absolute_url()).status_code == 200
    assert client.post(panel.get_absolute_url(), form_of(panel)).status_code == 403
    delete = reverse("tools:panel_delete", args=[panel.catalog.slug, panel.pk])
    assert client.post(delete).status_code == 403


def test_panels_are_hidden_from_strangers_and_from_other_catalogues(
    client, panel, make_user, make_catalog, person
):
    client.force_login(make_user())
    assert client.get(panel.get_absolute_url()).status_code == 404
    client.force_login(person)
    elsewhere = reverse("tools:panel", args=[make_catalog(owner=person).slug, panel.pk])
    assert client.get(elsewhere).status_code == 404


# --- API --------------------------------------------------------------------------------------------


def test_panel_is_made_changed_and_removed_over_the_api(api, catalog):
    made = api("post", f"/catalogs/{catalog.slug}/panels", {"name": "New", "count": 2, "seed": 8})
    assert made.status_code == 201
    body = made.json()
    assert (body["source"], len(body["personas"])) == ("rules", 2)
    assert api("get", f"/catalogs/{catalog.slug}/panels").json() == [body]

    address = f"/panels/{body['id']}"
    changed = api("patch", address, {"personas": [{"name": "Ada", "budget": "tight"}]}).json()
    assert (changed["source"], changed["personas"][0]["budget"]) == ("person", "tight")
    assert changed["name"] == "New"
    assert api("get", address).json() == changed
    assert api("delete", address).status_code == 204
    assert api("get", address).status_code == 404


def test_own_shoppers_are_kept_over_the_api(api, catalog):
    body = {"name": "Own", "personas": [{"name": "Ada"}, {"name": "Bob"}]}
    made = api("post", f"/catalogs/{catalog.slug}/panels", body).json()
    assert (made["source"], [each["name"] for each in made["personas"]]) == (
        "person",
        ["Ada", "Bob"],
    )


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "A", "count": 0},
        {"name": "A", "personas": []},
        {"name": "A", "personas": [{"name": "B", "age": 30}]},
        {"name": "A\x00"},
    ],
)
def test_panel_that_makes_no_sense_is_refused_by_the_api(api, catalog, body):
    assert api("post", f"/catalogs/{catalog.slug}/panels", body).status_code == 422


def test_model_is_asked_for_shoppers_over_the_api(api, catalog, groq):
    server = groq()
    body = {"name": "New", "suggest": "model", "count": 3, "audience": "students"}
    made = api("post", f"/catalogs/{catalog.slug}/panels", body)
    assert made.status_code == 201
    assert (made.json()["source"], len(made.json()["personas"])) == ("model", 3)
    assert "students" in server.requests[0].text


def test_without_a_key_no_model_suggests_shoppers(api, catalog):
    response = api("post", f"/catalogs/{catalog.slug}/panels", {"name": "New", "suggest": "model"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "not_configured")


# --- Admin ------------------------------------------------------------------------------------------


def test_admin_saves_through_the_services(client, panel, make_user):
    client.force_login(make_user(superuser=True))
    address = reverse("admin:tools_panel_change", args=[panel.pk])
    assert client.get(address).status_code == 200
    values = {
        "name": "Others",
        "audience": "",
        "category": "",
        "seed": 1,
        "personas": json.dumps([{"name": "Ada"}]),
    }
    assert client.post(address, values).status_code == 302
    panel.refresh_from_db()
    assert (panel.name, panel.source) == ("Others", PanelSource.PERSON)
    assert AuditEvent.objects.filter(action="panel.update").exists()
