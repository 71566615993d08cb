"""The export page, downloads and saved exports."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.urls import reverse

from catalog.models import AuditEvent, ExportProfile, Membership, ProductStatus, Role
from catalog.services.statuses import products_set_status
from catalog.views.exports import export_download

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(make_product, person):
    product = make_product("Mug", price="5")
    products_set_status(products=[product], status=ProductStatus.APPROVED, actor=person)
    return product


@pytest.fixture
def page(client, person, catalog):
    client.force_login(person)
    here = reverse("catalog:exports", args=[catalog.slug])
    return lambda query="": client.get(f"{here}?{query}")


@pytest.fixture
def post(client, person, catalog):
    client.force_login(person)
    here = reverse("catalog:exports", args=[catalog.slug])
    return lambda **form: client.post(here, form)


@pytest.fixture
def download(client, person, catalog):
    client.force_login(person)
    here = reverse("catalog:export_download", args=[catalog.slug])

    def got(query: str = "") -> str:
        return client.get(f"{here}?{query}").getvalue().decode()

    return got


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_page_counts_what_would_go_out(page, approved, make_product):
    make_product("Bowl")
    shown = text(page())
    assert "1 product as CSV" in shown
    assert "as they were last approved 1" in shown
    assert "as they are now 2" in shown


def test_page_says_what_a_channel_will_miss(page, approved):
    shown = text(page("format=google"))
    assert "1 product with photos that nobody can open outside" in shown
    assert "1 product without the address of their page" in shown
    assert "nobody can open" not in text(page("format=google&addresses=all"))


def test_page_says_why_there_is_nothing(page, make_product):
    make_product("Bowl")
    assert "None of these products is approved yet" in text(page())
    assert "There is no product to export" in text(page("approved_only=0&status=archived"))


def test_file_has_a_good_name_and_is_noted(client, catalog, person, approved):
    client.force_login(person)
    response = client.get(
        reverse("catalog:export_download", args=[catalog.slug]) + "?format=shopify"
    )
    assert re.fullmatch(
        r'attachment; filename="shop-shopify-\d{4}-\d\d-\d\d\.csv"',
        response["Content-Disposition"],
    )
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert b"Mug" in response.getvalue()
    event = AuditEvent.objects.get(action="export.make")
    assert (event.actor, event.data["products"]) == (person, 1)


def test_export_that_was_not_taken_whole_is_noted_as_that(rf, approved, person, catalog):
    request = rf.get("/")
    request.user = person
    response = export_download(request, catalog.slug)
    first = next(iter(response.streaming_content))
    # The end of a request would close the test's own connection.
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)
    made = AuditEvent.objects.get(action="export.make")
    event = AuditEvent.objects.get(action="export.break_off")
    assert (event.actor, event.catalog) == (person, catalog)
    assert event.data == {"export": made.pk, "bytes": len(first)}
    assert event.summary.startswith(f"{made.summary}: broken off after ")


def test_export_that_was_taken_whole_is_noted_once(download, approved):
    download()
    assert not AuditEvent.objects.filter(action="export.break_off").exists()


def test_selection_is_exported(download, approved, make_product):
    make_product("Bowl")
    lines = download(f"approved_only=0&column=title&product={approved.pk}").splitlines()
    assert lines == ["handle,title", "mug,Mug"]


def test_what_a_filter_finds_is_exported(download, approved, make_product):
    make_product("Bowl")
    assert "Bowl" not in download("approved_only=0&status=approved")
    assert "Mug" not in download("approved_only=0&status=draft")


def test_what_a_search_finds_is_exported(download, approved, make_product, vocabulary, no_engine):
    make_product("Bowl", attributes={"color": ["red"]})
    found = download("approved_only=0&column=title&from=search&f.color=red")
    assert found.splitlines() == ["handle,title", "bowl,Bowl"]


def test_form_leads_to_the_address_of_what_it_says(post, approved):
    response = post(action="download", format="csv", column=["title", "price"], approved_only="1")
    query = parse_qs(urlsplit(response.url).query)
    assert urlsplit(response.url).path.endswith("/export/download/")
    assert query["column"] == ["title", "price"]


def test_arrow_moves_a_column_without_a_script(post):
    response = post(format="csv", column=["title", "price", "sku"], up="sku")
    assert parse_qs(urlsplit(response.url).query)["column"] == ["title", "sku", "price"]
    response = post(format="csv", column=["title", "price"], up="title")
    assert parse_qs(urlsplit(response.url).query)["column"] == ["title", "price"]


def test_export_is_kept_changed_deleted_and_brought_back(client, catalog, post, page, approved):
    post(action="save", name="Weekly", format="xlsx", approved_only="0", status="draft")
    saved = ExportProfile.objects.get()
    assert saved.options["chosen"] == [["status", "draft"]]
    assert "Weekly" in text(page())
    assert "Save the changes" in text(page(f"profile={saved.pk}"))
    post(action="replace", profile=saved.pk, name="Weekly", format="csv")
    assert ExportProfile.objects.get().format == "csv"
    client.post(reverse("catalog:export_profile_delete", args=[catalog.slug, saved.pk]))
    assert not ExportProfile.objects.exists()
    event = AuditEvent.objects.get(action="export_profile.delete")
    client.post(reverse("catalog:export_profile_undo", args=[catalog.slug, event.pk]))
    assert ExportProfile.objects.get().name == "Weekly"


def test_all_columns_in_their_order_are_no_choice(post, page):
    every = [column["value"] for column in page("format=google").context["columns"]]
    post(action="save", name="All", format="google", column=every)
    post(action="save", name="Two", format="google", column=every[:2])
    post(action="save", name="Turned", format="google", column=every[::-1])

    kept = {row.name: len(row.columns) for row in ExportProfile.objects.all()}
    assert kept == {"All": 0, "Two": 2, "Turned": len(every)}


def test_refused_name_says_so_and_keeps_what_was_chosen(post, client):
    response = post(action="save", name="", format="meta")
    assert "format=meta" in response.url
    assert "name" in text(client.get(response.url)).lower()


def test_saved_export_is_downloaded_again(client, catalog, post, approved):
    post(action="save", name="Titles", format="csv", column=["title"])
    saved = ExportProfile.objects.get()
    response = client.get(reverse("catalog:export_profile_download", args=[catalog.slug, saved.pk]))
    assert response.getvalue() == b"handle,title\r\nmug,Mug\r\n"


def test_viewer_takes_out_and_keeps_nothing(client, catalog, make_user, approved):
    viewer = make_user("vic")
    catalog.memberships.create(user=viewer, role="viewer")
    client.force_login(viewer)
    here = reverse("catalog:exports", args=[catalog.slug])
    assert "Keep this export" not in text(client.get(here))
    assert client.post(here, {"action": "save", "name": "x"}).status_code == 403


def test_bulk_bar_leads_to_the_export_of_what_was_chosen(client, catalog, person, approved):
    client.force_login(person)
    response = client.post(
        reverse("catalog:products_bulk", args=[catalog.slug]),
        {"action": "export", "product": [approved.pk]},
    )
    assert response.url == (
        reverse("catalog:exports", args=[catalog.slug]) + f"?product={approved.pk}"
    )


def test_tabs_lead_only_to_what_one_may_open(client, catalog, person, make_user):
    viewer = make_user("vi")
    Membership.objects.create(catalog=catalog, user=viewer, role=Role.VIEWER)
    webhooks = reverse("catalog:webhooks", args=[catalog.slug])
    for user, is_there in ((person, True), (viewer, False)):
        client.force_login(user)
        for name in ("exports", "feeds", "published"):
            shown = client.get(reverse(f"catalog:{name}", args=[catalog.slug]))
            assert (f'href="{webhooks}"' in shown.content.decode()) is is_there


def test_readers_are_not_sent_to_what_they_may_not_do(client, catalog, make_user):
    viewer = make_user("vi")
    Membership.objects.create(catalog=catalog, user=viewer, role=Role.VIEWER)
    client.force_login(viewer)
    assert "Set up an export" not in text(client.get(reverse("catalog:feeds", args=[catalog.slug])))
