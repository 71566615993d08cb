"""Who may give products which status: editors move them, reviewers and owners approve."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from catalog import selectors
from catalog.models import Product, ProductStatus
from catalog.services.catalogs import token_create

pytestmark = pytest.mark.django_db

DRAFT, IN_REVIEW, APPROVED, ARCHIVED = ProductStatus
MOVE, APPROVE, TAKE_BACK = (DRAFT, IN_REVIEW), (IN_REVIEW, APPROVED), (APPROVED, DRAFT)
APPROVERS = ("owner", "reviewer")
ALLOWED = [
    *((role, MOVE) for role in ("owner", "editor", "reviewer")),
    *((role, move) for role in APPROVERS for move in (APPROVE, TAKE_BACK)),
]
REFUSED = [
    *(("stranger", move) for move in (MOVE, APPROVE, TAKE_BACK)),
    *(("viewer", move) for move in (MOVE, APPROVE, TAKE_BACK)),
    *(("editor", move) for move in (APPROVE, TAKE_BACK)),
]


@pytest.fixture
def mug(shop):
    """The shop's product with a status of one's choice."""

    def make(status: str) -> Product:
        Product.objects.filter(pk=shop.product.pk).update(status=status)
        return Product.objects.select_related("catalog").get(pk=shop.product.pk)

    return make


def status_of(product) -> str:
    return Product.objects.get(pk=product.pk).status


def on_the_page(user, product, status) -> int:
    client = Client()
    client.force_login(user)
    address = reverse("catalog:product_status", args=[product.catalog.slug, product.pk])
    return client.post(address, {"status": status}, headers={"HX-Request": "true"}).status_code


def in_bulk(user, product, status) -> int:
    client = Client()
    client.force_login(user)
    address = reverse("catalog:products_bulk", args=[product.catalog.slug])
    form = {"product": [product.pk], "action": f"status:{status}"}
    return client.post(address, form, headers={"HX-Request": "true"}).status_code


def through_the_api(user, product, status, **others) -> int:
    client = Client(headers={"Authorization": f"Bearer {token_create(user=user)[1]}"})
    body = json.dumps({"status": status, **others})
    address = f"/api/v1/products/{product.pk}"
    return client.patch(address, body, content_type="application/json").status_code


def in_the_admin(user, product, status) -> int:
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    form = {"action": f"set_{status}", "_selected_action": [product.pk]}
    return client.post(reverse("admin:catalog_product_changelist"), form).status_code


WAYS = [on_the_page, in_bulk, through_the_api, in_the_admin]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("role", "move"), ALLOWED)
def test_status_is_set_by_whom_the_role_allows(mug, people, way, role, move):
    product = mug(move[0])
    assert way(people[role], product, move[1]) < 400
    assert status_of(product) == move[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("role", "move"), REFUSED)
def test_status_stays_for_whom_the_role_does_not_allow(mug, people, way, role, move):
    product = mug(move[0])
    way(people[role], product, move[1])
    assert status_of(product) == move[0]


@pytest.mark.parametrize(("role", "expected"), [("stranger", 404), ("viewer", 403)])
@pytest.mark.parametrize("way", [on_the_page, in_bulk, through_the_api])
def test_who_moves_nothing_is_turned_away(mug, people, way, role, expected):
    assert way(people[role], mug(DRAFT), IN_REVIEW) == expected


@pytest.mark.parametrize("move", [APPROVE, TAKE_BACK])
def test_api_forbids_an_editor_to_approve(mug, people, move):
    assert through_the_api(people["editor"], mug(move[0]), move[1]) == 403


def test_api_lets_a_reviewer_send_the_status_alone(mug, people):
    assert through_the_api(people["reviewer"], mug(DRAFT), APPROVED, title="Cup") == 403


@pytest.mark.parametrize("way", ["product_status", "products_bulk"])
def test_refusal_says_who_can(mug, people, client, way):
    product = mug(DRAFT)
    args = [product.catalog.slug, *([product.pk] if way == "product_status" else [])]
    client.force_login(people["editor"])
    form = {"product": product.pk, "status": APPROVED, "action": f"status:{APPROVED}"}
    answer = client.post(reverse(f"catalog:{way}", args=args), form, follow=True)
    assert "Only reviewers and owners approve" in answer.content.decode()


def test_bulk_act_that_is_refused_for_one_changes_none(mug, people, client, make_product):
    approved, other = mug(APPROVED), make_product()
    client.force_login(people["editor"])
    form = {"product": [approved.pk, other.pk], "action": f"status:{ARCHIVED}"}
    client.post(reverse("catalog:products_bulk", args=[approved.catalog.slug]), form)
    assert (status_of(approved), status_of(other)) == (APPROVED, DRAFT)


def test_reviewer_deletes_nothing_in_bulk(mug, people, client):
    product = mug(DRAFT)
    client.force_login(people["reviewer"])
    form = {"product": product.pk, "action": "delete"}
    address = reverse("catalog:products_bulk", args=[product.catalog.slug])
    assert client.post(address, form).status_code == 403


@pytest.mark.parametrize("status", ProductStatus)
@pytest.mark.parametrize("role", ["editor", "owner"])
def test_edit_form_leaves_the_status(mug, people, client, role, status):
    product = mug(status)
    client.force_login(people[role])
    form = {"title": "Cup", "status": DRAFT if status == APPROVED else APPROVED}
    client.post(reverse("catalog:product_edit", args=[product.catalog.slug, product.pk]), form)
    product.refresh_from_db()
    assert (product.title, product.status) == ("Cup", status)


@pytest.mark.parametrize(
    ("role", "now", "offered"),
    [
        ("owner", DRAFT, set(ProductStatus)),
        ("reviewer", APPROVED, set(ProductStatus)),
        ("editor", DRAFT, {DRAFT, IN_REVIEW, ARCHIVED}),
        ("editor", APPROVED, set()),
        ("viewer", DRAFT, set()),
    ],
)
def test_page_offers_the_statuses_that_the_person_may_set(mug, people, client, role, now, offered):
    client.force_login(people[role])
    page = client.get(mug(now).get_absolute_url())
    assert {status["value"] for status in page.context["statuses"]} == offered


EDITS = {"describe", "tool", "publish", "delete"}


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        ("owner", {"status:approved", "status:draft", *EDITS, "export"}),
        ("reviewer", {"status:approved", "status:draft", "export"}),
        ("editor", {"status:draft", *EDITS, "export"}),
        ("viewer", {"export"}),
    ],
)
def test_list_offers_the_acts_that_the_person_may_do(mug, people, client, role, offered):
    product = mug(DRAFT)
    client.force_login(people[role])
    page = client.get(reverse("catalog:products", args=[product.catalog.slug]))
    acts = {act["value"] for act in page.context["actions"] if not act.get("disabled")}
    assert acts - {"status:in_review", "status:archived"} == offered


def test_superuser_approves(mug, make_user):
    root = make_user("root", superuser=True)
    product = mug(DRAFT)
    assert selectors.may_set_status(root, product.catalog, DRAFT, APPROVED)
