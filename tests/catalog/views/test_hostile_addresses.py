"""What addresses and forms name that cannot be."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalog.models import AuditEvent
from catalog.views.http import ids, number, refused
from tests.access.conftest import catalog, people, shop  # noqa: F401 -- fixtures
from tests.catalog.conftest import make_product, no_engine, person, vocabulary  # noqa: F401

HUGE = ["9" * 19, "9" * 30, "9" * 5000]


@pytest.mark.parametrize("text", [*HUGE, "-" + "9" * 30, "", None, "x", "1.5", "²"])
def test_number_that_is_none_is_the_default(text):
    assert number(text, 7) == 7


def test_number_of_eighteen_digits_is_read():
    assert number("9" * 18, 7) == 10**18 - 1


def test_ids_leave_out_what_is_no_id():
    assert ids(["12", *HUGE, "x", "-3", "²"]) == [12]


@pytest.mark.django_db
@pytest.mark.parametrize("huge", HUGE)
def test_huge_ids_of_a_form_name_nothing(shop, people, client, huge):  # noqa: F811
    client.force_login(people["owner"])
    address = reverse("catalog:products_bulk", args=[shop.slug])
    response = client.post(address, {"product": [huge], "act": "delete", "action": "delete"})
    assert response.status_code < 500
    shop.product.refresh_from_db()
    assert shop.product.deleted_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["like", "offset", "text_weight"])
@pytest.mark.parametrize("huge", HUGE)
def test_huge_numbers_in_a_search_s_address_are_no_error(shop, people, client, name, huge):  # noqa: F811
    client.force_login(people["owner"])
    address = reverse("catalog:search", args=[shop.slug])
    assert client.get(address, {name: huge}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("pk", ["²", "x", *HUGE[:2]])
def test_import_of_a_vocabulary_that_there_cannot_be_is_not_found(client, make_user, pk):
    client.force_login(make_user("root", superuser=True))
    assert client.get(f"/admin/catalog/vocabularyimport/{pk}/change/").status_code == 404


def test_refusal_repeats_what_somebody_wrote_as_text_alone(rf):
    request = rf.post("/")
    request.htmx = True
    response = refused(request, "<script>alert(1)</script>", "/")
    assert response["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.django_db
def test_unlocking_what_is_no_attribute_is_not_found_and_leaves_no_trace(shop, people, client):  # noqa: F811
    client.force_login(people["owner"])
    before = AuditEvent.objects.count()
    address = reverse("catalog:attribute_unlock", args=[shop.slug, shop.product.pk, "flavour"])
    assert client.post(address).status_code == 404
    assert AuditEvent.objects.count() == before
