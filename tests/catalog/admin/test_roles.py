"""What a staff member with every permission of Django's may do in the admin: what the role allows."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse

from catalog.models import ApiToken, Catalog, Membership, Product, ProductStatus, Role
from catalog.services.audit import audit
from catalog.services.catalogs import catalog_delete, token_create
from tests.catalog.admin.browser_form import BrowserForm, texts
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow, Panel, ToolRun

pytestmark = pytest.mark.django_db

SUPERUSERS_ALONE = [
    "auth_user",
    "auth_group",
    "catalog_apitoken",
    "catalog_embedtask",
    "catalog_describetask",
    "catalog_indexchange",
    "catalog_job",
    "catalog_fileremoval",
    "catalog_embeddingspace",
    "catalog_visiontask",
    "catalog_readinessgtin",
    "catalog_gridcolumns",
    "catalog_uploadpart",
    "llm_call",
    "llm_credential",
]
BY_CATALOGUE = [
    "catalog_product",
    "catalog_photo",
    "catalog_auditevent",
    "catalog_ledgerentry",
    "catalog_batch",
    "catalog_catalog",
    "catalog_describerun",
    "catalog_channeltarget",
    "catalog_readinessgap",
    "catalog_readinesscheck",
    "catalog_exportprofile",
    "catalog_gridedit",
    "catalog_gridchange",
    "catalog_import",
    "catalog_importitem",
    "catalog_importproblem",
    "catalog_importclaim",
    "catalog_importphoto",
    "catalog_columnmapping",
    "catalog_foreigncells",
    "catalog_upload",
    "catalog_publishedphoto",
    "catalog_photopublishing",
    "catalog_feed",
    "catalog_webhook",
    "catalog_webhookdelivery",
    "tools_toolrun",
    "tools_panel",
    "tools_competitorlist",
    "tools_competitorrow",
    "tools_competitormatch",
]
READERS = [Role.VIEWER, Role.REVIEWER]
WRITERS = [Role.EDITOR, Role.OWNER]


def kept_by_tools(product):
    """One of all that tools keep of a product's catalogue, each named after a secret."""
    catalog = product.catalog
    ToolRun.objects.create(catalog=catalog, product=product, tool="analysis", model="Secret")
    Panel.objects.create(catalog=catalog, name="Secret panel", personas=[])
    offers = CompetitorList.objects.create(
        catalog=catalog, name="Secret list", source="Secret", as_of=date(2026, 1, 1)
    )
    row = CompetitorRow.objects.create(list=offers, number=1, title="Secret offer")
    CompetitorMatch.objects.create(row=row, product=product, found="gtin")


@pytest.fixture
def mug(make_product):
    return make_product("Mug")


def page(row, action="change"):
    return reverse(f"admin:catalog_{row._meta.model_name}_{action}", args=[row.pk])


def listing(name):
    return reverse(f"admin:{name}_changelist")


@pytest.mark.parametrize("role", READERS)
def test_readers_see_products_and_change_none(staff, catalog, mug, role):
    client = staff(catalog, role)
    assert client.get(page(mug)).status_code == 200
    assert client.post(page(mug), {"title": "Cup"}).status_code == 403
    assert client.post(page(mug, "delete"), {"post": "yes"}).status_code == 403
    mug.refresh_from_db()
    assert (mug.title, mug.deleted_at) == ("Mug", None)


@pytest.mark.parametrize("role", READERS)
def test_readers_add_no_products(staff, catalog, role):
    client = staff(catalog, role)
    fields = {"catalog": catalog.pk, "title": "Cup"}
    assert client.post(reverse("admin:catalog_product_add"), fields).status_code == 403
    assert not Product.objects.exists()


@pytest.mark.parametrize("role", WRITERS)
def test_writers_change_products(staff, catalog, mug, role):
    form = BrowserForm(staff(catalog, role), page(mug))
    form["title"] = "Cup"
    form.save()
    mug.refresh_from_db()
    assert mug.title == "Cup"


def test_a_product_is_added_only_where_the_person_edits(staff, catalog, make_catalog, make_user):
    make_catalog("Foreign")
    client = staff(catalog, "editor")
    reads = make_catalog("Reads", viewer=User.objects.get(username="staff-editor"))
    form = BrowserForm(client, reverse("admin:catalog_product_add"))
    assert form.choices["catalog"] == ["", str(catalog.pk)]
    form["catalog"], form["title"] = reads.pk, "Cup"
    form.save()
    assert not Product.objects.exists()


def test_bulk_actions_leave_out_what_the_person_only_reads(
    staff, catalog, mug, make_product, make_catalog
):
    client = staff(catalog, "reviewer")
    reads = make_catalog("Reads", viewer=User.objects.get(username="staff-reviewer"))
    cup = make_product("Cup", catalog=reads)
    form = {"action": "set_approved", "_selected_action": [mug.pk, cup.pk]}
    answer = client.post(listing("catalog_product"), form, follow=True)
    assert any("1 left out" in text for text in texts(answer))
    mug.refresh_from_db()
    cup.refresh_from_db()
    assert (mug.status, cup.status) == (ProductStatus.APPROVED, ProductStatus.DRAFT)


def test_an_editor_s_form_offers_no_approval(staff, catalog, mug):
    form = BrowserForm(staff(catalog, "editor"), page(mug))
    assert ProductStatus.APPROVED not in form.choices["status"]


def test_an_editor_s_form_keeps_an_approval(staff, catalog, make_product):
    mug = make_product("Mug", status=ProductStatus.APPROVED)
    form = BrowserForm(staff(catalog, "editor"), page(mug))
    form["title"] = "Cup"
    form.save()
    mug.refresh_from_db()
    assert (mug.title, mug.status) == ("Cup", ProductStatus.APPROVED)


def test_an_editor_adds_no_approved_product(staff, catalog):
    form = BrowserForm(staff(catalog, "editor"), reverse("admin:catalog_product_add"))
    form["catalog"], form["title"], form["status"] = catalog.pk, "Cup", ProductStatus.APPROVED
    assert any("Only reviewers" in text for text in texts(form.save()))
    assert not Product.objects.exists()


def test_bulk_deletion_is_refused_for_what_the_person_only_reads(
    staff, catalog, mug, make_product, make_catalog
):
    client = staff(catalog, "editor")
    reads = make_catalog("Reads", viewer=User.objects.get(username="staff-editor"))
    cup = make_product("Cup", catalog=reads)
    form = {"action": "delete_selected", "_selected_action": [mug.pk, cup.pk], "post": "yes"}
    assert client.post(listing("catalog_product"), form).status_code == 403
    assert Product.objects.alive().count() == 2


@pytest.mark.parametrize("role", [*READERS, Role.EDITOR])
def test_who_is_no_owner_makes_nobody_an_owner(staff, catalog, role):
    client = staff(catalog, role)
    mine = Membership.objects.get(user__username=f"staff-{role}")
    fields = {
        "name": "Mine",
        "currency": "EUR",
        "language": "en",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": mine.pk,
        "memberships-0-catalog": catalog.pk,
        "memberships-0-role": Role.OWNER,
    }
    assert client.post(page(catalog), fields).status_code == 403
    mine.refresh_from_db()
    assert mine.role == role


def test_an_owner_changes_roles(staff, catalog, make_user):
    bob = Membership.objects.create(user=make_user("bob"), catalog=catalog, role=Role.VIEWER)
    form = BrowserForm(staff(catalog, "owner"), page(catalog))
    row = form.row_of("memberships", "id", bob.pk)
    form[f"{row}role"] = Role.EDITOR
    form.save()
    bob.refresh_from_db()
    assert bob.role == Role.EDITOR


def test_an_owner_adds_a_member(staff, catalog, make_user):
    bob = make_user("bob")
    form = BrowserForm(staff(catalog, "owner"), page(catalog))
    row = form.row_of("memberships", "role", Role.VIEWER)
    form[f"{row}user"] = bob.pk
    form.save()
    assert Membership.objects.get(user=bob).role == Role.VIEWER


def test_the_user_of_a_membership_stays(form_of, catalog, person, make_user):
    other = make_user("bob")
    form = form_of(catalog)
    form.fields["memberships-0-user"] = [str(other.pk)]
    form.save()
    assert Membership.objects.get(catalog=catalog).user == person


def test_the_catalogue_of_a_membership_stays(form_of, catalog, person, make_catalog):
    other = make_catalog("Other")
    form = form_of(person)
    form.fields["memberships-0-catalog"] = [str(other.pk)]
    form.save()
    assert Membership.objects.get(user=person).catalog == catalog


@pytest.mark.parametrize("whose", ["catalog", "person"])
def test_the_last_owner_stays_with_a_message(form_of, request, catalog, whose):
    form = form_of(request.getfixturevalue(whose))
    form["memberships-0-role"] = Role.VIEWER
    assert "at least one owner" in texts(form.save())[0]
    assert Membership.objects.get(catalog=catalog).role == Role.OWNER


@pytest.mark.parametrize("role", [*READERS, Role.EDITOR])
def test_only_owners_delete_a_catalogue(staff, catalog, role):
    assert staff(catalog, role).post(page(catalog, "delete"), {"post": "yes"}).status_code == 403
    catalog.refresh_from_db()
    assert catalog.deleted_at is None


def test_an_owner_deletes_a_catalogue_and_brings_it_back(staff, catalog, mug):
    client = staff(catalog, "owner")
    client.post(page(catalog, "delete"), {"post": "yes"})
    catalog.refresh_from_db()
    assert catalog.deleted_at is not None
    form = {"action": "restore", "_selected_action": [catalog.pk]}
    client.post(listing("catalog_catalog"), form)
    catalog.refresh_from_db()
    assert catalog.deleted_at is None


def test_an_editor_brings_no_catalogue_back(staff, catalog, person):
    client = staff(catalog, "editor")
    catalog_delete(catalog=catalog, actor=person)
    form = {"action": "restore", "_selected_action": [catalog.pk]}
    client.post(listing("catalog_catalog"), form)
    catalog.refresh_from_db()
    assert catalog.deleted_at is not None


def test_who_adds_a_catalogue_owns_it(staff):
    form = BrowserForm(staff(None, "nobody"), reverse("admin:catalog_catalog_add"))
    form["name"], form["slug"] = "New shop", "new-shop"
    form.save()
    assert Membership.objects.get().role == Role.OWNER
    assert Catalog.objects.get().name == "New shop"


@pytest.mark.parametrize("name", SUPERUSERS_ALONE)
def test_owners_among_the_staff_do_not_open_what_concerns_all(staff, catalog, name):
    client = staff(catalog, "owner")
    assert client.get(listing(name)).status_code == 403
    assert listing(name).encode() not in client.get(reverse("admin:index")).content


def test_an_owner_does_not_change_a_user(staff, catalog, boss):
    client = staff(catalog, "owner")
    address = reverse("admin:auth_user_change", args=[boss.pk])
    assert client.get(address).status_code == 403
    assert client.post(address, {"username": "x"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[boss.pk])
    assert client.post(password, {"password1": "x", "password2": "x"}).status_code == 403


@pytest.mark.parametrize("name", BY_CATALOGUE)
@pytest.mark.parametrize("role", Role.values)
def test_names_of_other_catalogues_stand_on_no_page(
    staff, catalog, mug, make_product, make_catalog, person, name, role
):
    secret = make_catalog("Secret atelier", owner=person)
    lamp = make_product("Secret lamp", catalog=secret)
    kept_by_tools(lamp)
    audit(actor=person, action="secret.act", target=secret, catalog=secret, summary="Secret")
    client = staff(catalog, role)
    for query in ("", "?all=", "?q=secret"):
        answer = client.get(listing(name) + query, follow=True)
        assert answer.status_code == 200
        assert b"Secret" not in answer.content


@pytest.mark.parametrize("role", Role.values)
def test_pages_of_other_catalogues_are_not_found(staff, catalog, make_product, make_catalog, role):
    secret = make_catalog("Secret atelier")
    lamp = make_product("Secret lamp", catalog=secret)
    client = staff(catalog, role)
    for row in (secret, lamp, lamp.placements.get().photo):
        assert b"Secret" not in client.get(page(row), follow=True).content
        assert b"Secret" not in client.post(page(row), {"title": "x"}, follow=True).content
    lamp.refresh_from_db()
    assert lamp.title == "Secret lamp"


@pytest.mark.parametrize("model", ["product", "catalog"])
def test_suggestions_hold_no_names_of_other_catalogues(staff, catalog, make_catalog, model):
    make_catalog("Secret atelier")
    client = staff(catalog, "owner")
    wanted = {"app_label": "catalog", "model_name": "membership", "field_name": "catalog"}
    answer = client.get(reverse("admin:autocomplete"), {**wanted, "term": ""})
    assert "Secret" not in answer.content.decode()


def test_staff_without_a_role_see_no_rows(staff, mug):
    client = staff(None, "nobody")
    for name in BY_CATALOGUE:
        answer = client.get(listing(name))
        assert answer.status_code == 200
        assert not answer.context["cl"].result_count


@pytest.mark.parametrize("role", Role.values)
def test_members_who_are_no_staff_do_not_enter(as_user, catalog, make_user, role):
    user = make_user(is_staff=False)
    Membership.objects.create(user=user, catalog=catalog, role=role)
    assert as_user(user).get(reverse("admin:index")).status_code == 302


def test_every_page_of_the_admin_is_one_that_these_tests_know():
    known = {*SUPERUSERS_ALONE, *BY_CATALOGUE}
    vocabulary = ("category", "attributedefinition", "term", "vocabularyimport")
    shared = {f"catalog_{name}" for name in vocabulary}
    outside = {"axes_accessattempt", "axes_accesslog", "axes_accessfailurelog"}
    here = {f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry}
    assert here - outside == known | shared


def test_a_token_is_shown_once(form_of, browser, person):
    form = form_of(ApiToken)
    form["user"], form["label"] = person.pk, "till"
    shown = form.save()
    text = next(text for text in texts(shown) if "not shown again" in text).split()[-1]
    assert ApiToken.objects.get().user == person
    assert text.startswith(ApiToken.objects.get().prefix)
    assert text not in browser.get(listing("catalog_apitoken")).content.decode()
    token = ApiToken.objects.get()
    assert text not in browser.get(page(token)).content.decode()


def test_tokens_are_revoked(browser, person):
    token, _ = token_create(user=person)
    form = {"action": "revoke", "_selected_action": [token.pk]}
    browser.post(listing("catalog_apitoken"), form)
    token.refresh_from_db()
    assert token.revoked_at is not None
