"""Competitor lists on the site and over the API."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog.services.catalogs import token_create
from tools.competitors import services
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow

pytestmark = pytest.mark.django_db
FILE = """title,gtin,price,claims,Material,url
Something else,4006381333931,5,Dishwasher safe,Oak,https://north.example/5
Barrel mug speckled,,6 €,,,javascript:alert(1)
<script>alert(1)</script>,,cheap,,,
"""
HTMX = {"HX-Request": "true"}


@pytest.fixture
def mug(make_product):
    variants = [{"gtin": "4006381333931", "sku": "MUG", "price": "24.90"}]
    return make_product("Speckled barrel mug", variants=variants, color=None)


@pytest.fixture
def page(client, catalog, person, no_engine):
    client.force_login(person)

    def url(name, *args):
        return reverse(f"tools:{name}", args=[catalog.slug, *args])

    client.to = url
    return client


def form(text=FILE, **fields):
    file = SimpleUploadedFile("list.csv", text.encode())
    chosen = {"name": "Spring", "source": "Price crawl", "as_of": "2026-05-31", "file": file}
    return chosen | fields


def shown(response) -> str:
    return response.content.decode()


def test_a_file_is_kept_and_its_rows_are_shown_with_what_they_may_be(page, mug):
    response = page.post(page.to("competitor_list_new"), form(), follow=True)
    html = shown(response)
    assert "3 rows are kept, 1 matched by GTIN, 1 with suggestions." in html
    assert "Same product" in html
    assert "Suggested" in html
    assert "1 problem" in html
    assert "javascript:alert(1)" in html
    assert 'href="javascript' not in html
    assert "<script>alert" not in html
    assert "https://north.example/5" in html
    assert 'href="https://north.example' not in html


def test_bringing_a_list_is_undone_with_one_click(page, mug):
    page.post(page.to("competitor_list_new"), form())
    made = CompetitorList.objects.get()
    page.post(page.to("competitor_list_delete", made.pk))
    assert "Spring" not in shown(page.get(page.to("competitor_lists"))).split("<main")[1].replace(
        "“Spring” is deleted.", ""
    )
    page.post(page.to("competitor_list_restore", made.pk))
    assert "Price crawl" in shown(page.get(page.to("competitor_lists")))


def test_the_preview_says_how_a_file_would_be_read_and_keeps_nothing(page):
    response = page.post(page.to("competitor_list_new"), form(check="1"), headers=HTMX)
    html = shown(response)
    assert "<html" not in html
    assert "3 rows would be kept" in html
    assert "is not one price" in html
    assert "Material" in html
    assert not CompetitorList.objects.exists()


def test_the_preview_works_without_scripts(page):
    response = page.post(page.to("competitor_list_new"), form(check="1"))
    assert "3 rows would be kept" in shown(response)
    assert "Price crawl" in shown(response)


@pytest.mark.parametrize("text", ["", "foo\n1\n"])
def test_a_file_that_cannot_be_used_says_why(page, text):
    response = page.post(page.to("competitor_list_new"), form(text))
    assert response.status_code == 422
    preview = page.post(page.to("competitor_list_new"), form(text, check="1"), headers=HTMX)
    assert "This file cannot be used." in shown(preview)


def test_a_decision_swaps_the_row_and_offers_to_undo(page, mug):
    page.post(page.to("competitor_list_new"), form())
    row = CompetitorRow.objects.get(title="Barrel mug speckled")
    response = page.post(
        page.to("competitor_row", row.pk), {"product": mug.pk, "decision": "confirm"}, headers=HTMX
    )
    assert f'id="row-{row.pk}"' in shown(response)
    assert "Same product" in shown(response)
    match = row.matches.get()
    undo = page.to("competitor_match_undo", match.pk)
    assert undo in response["HX-Trigger"]
    again = page.post(undo, headers=HTMX)
    assert "Suggested" in shown(again)
    assert page.post(undo, headers=HTMX).status_code == 400


@pytest.mark.parametrize("named", ["sku", "id", "handle", "address"])
def test_a_row_is_matched_by_hand(page, mug, named):
    page.post(page.to("competitor_list_new"), form())
    row = CompetitorRow.objects.get(title__startswith="<script>")
    name = {
        "sku": "MUG",
        "id": mug.pk,
        "handle": mug.handle,
        "address": f"https://shop.example{mug.get_absolute_url()}",
    }[named]
    page.post(page.to("competitor_row", row.pk), {"product": name})
    assert row.matches.get().standing == "confirmed"


def test_a_product_that_is_not_there_is_said(page, mug):
    page.post(page.to("competitor_list_new"), form())
    url = page.to("competitor_row", CompetitorRow.objects.first().pk)
    assert page.post(url, {"product": "nothing"}, headers=HTMX).status_code == 400


def test_matches_are_looked_for_again(page, make_product):
    page.post(page.to("competitor_list_new"), form())
    make_product("Barrel mug, speckled", color=None)
    page.post(page.to("competitor_list_match", CompetitorList.objects.get().pk))
    assert CompetitorMatch.objects.get().standing == "suggested"


@pytest.mark.parametrize("only", ["", "open", "matched", "unmatched", "nonsense"])
def test_rows_are_shown_by_what_is_to_do(page, mug, only):
    page.post(page.to("competitor_list_new"), form())
    url = page.to("competitor_list", CompetitorList.objects.get().pk)
    html = shown(page.get(url, {"only": only}))
    count = {"": 3, "nonsense": 3}.get(only, 1)
    assert html.count('id="row-') == count


def test_a_page_of_rows_takes_a_fixed_number_of_queries(page, mug, django_assert_max_num_queries):
    text = "title,price\n" + "".join(f"Speckled barrel mug {n},5\n" for n in range(30))
    page.post(page.to("competitor_list_new"), form(text))
    with django_assert_max_num_queries(25):
        page.get(page.to("competitor_list", CompetitorList.objects.get().pk))


def test_lists_are_brought_read_decided_on_and_deleted_over_the_api(client, mug, catalog, person):
    headers = {"Authorization": f"Bearer {token_create(user=person, label='')[1]}"}
    lists = f"/api/v1/catalogs/{catalog.slug}/competitors"
    made = client.post(lists, form(), headers=headers).json()
    assert (made["rows"], made["as_of"], made["problems"][0]["row"]) == (3, "2026-05-31", 4)
    assert [one["id"] for one in client.get(lists, headers=headers).json()] == [made["id"]]
    one = f"/api/v1/competitors/{made['id']}"
    first = client.get(one, {"limit": 1}, headers=headers).json()
    assert first["page"][0]["price"] == "5.00"
    assert first["page"][0]["matches"][0]["standing"] == "confirmed"
    rest = client.get(one, {"after": first["next_after"]}, headers=headers).json()
    assert [row["number"] for row in rest["page"]] == [3, 4]
    match = f"/api/v1/competitors/rows/{rest['page'][0]['id']}/match"
    for decision, standing in (
        ("confirm", "confirmed"),
        ("reject", "rejected"),
        ("undo", "suggested"),
    ):
        body = {"product": mug.pk, "decision": decision}
        row = client.post(match, body, content_type="application/json", headers=headers).json()
        assert row["matches"][0]["standing"] == standing
    assert client.delete(one, headers=headers).status_code == 204
    assert client.get(one, headers=headers).status_code == 404
    back = client.post(f"{one}/restore", headers=headers)
    assert (back.status_code, back.json()["name"]) == (200, "Spring")
    assert client.get(one, headers=headers).json()["rows"] == 3


def test_the_page_says_that_products_were_passed_over(page, mug, make_product, monkeypatch):
    make_product("Newer jug", color=None)
    monkeypatch.setattr(services, "MOST_PRODUCTS", 1)
    html = shown(page.post(page.to("competitor_list_new"), form(), follow=True))
    assert "1 older one was passed over" in html


def test_a_bad_file_is_refused_over_the_api_by_field(client, catalog, person, no_engine):
    headers = {"Authorization": f"Bearer {token_create(user=person, label='')[1]}"}
    url = f"/api/v1/catalogs/{catalog.slug}/competitors"
    response = client.post(url, form("foo\n1\n", source=""), headers=headers)
    assert response.status_code == 422
    assert "source" in response.json()["error"]["fields"]
