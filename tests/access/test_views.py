"""Who may open which page. Every address of the catalogue has its line here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from catalog.urls import urlpatterns

pytestmark = pytest.mark.django_db

ANY = ("owner", "editor", "reviewer", "viewer")
EDIT = ("owner", "editor")
MOVE = ("owner", "editor", "reviewer")
REVIEW = ("owner", "reviewer")
OWN = ("owner",)


@dataclass(frozen=True)
class Line:
    """One way to call an address: which of the shop's things it names, and whom it lets in."""

    name: str
    args: tuple[str, ...]
    method: str
    allowed: tuple[str, ...]


OPEN = {"home", "catalog_new"}
# Who knows the token of such an address may open it, logged in or not.
BY_TOKEN = {"published_photo", "feed"}
SHOP, PRODUCT = ("slug",), ("slug", "product.pk")
ATTRIBUTE = (*PRODUCT, "=color")
RUN = ("slug", "run.pk")
PLACED = ("slug", "placement.pk")
EXPORT = ("slug", "export_profile.pk")
FEED, WEBHOOK = ("slug", "feed.pk"), ("slug", "webhook.pk")
SUGGESTION, BATCH = (*PRODUCT, "suggestion.pk"), ("slug", "batch.pk")
TERM = ("slug", "term.pk")
GRID_EDIT = ("slug", "grid_edit.pk")
IMPORT = ("slug", "brought.pk")
VARIANT, PLACEMENT = (*PRODUCT, "variant.pk"), (*PRODUCT, "placement.pk")
LINES = [
    Line("search", SHOP, "get", ANY),
    Line("search_state", SHOP, "get", ANY),
    Line("search_photo_upload", SHOP, "post", ANY),
    Line("search_photo", ("slug", "search_photo.token"), "get", ANY),
    Line("products", SHOP, "get", ANY),
    Line("products_bulk", SHOP, "post", MOVE),
    Line("products_status_undo", ("slug", "status_event.pk"), "post", MOVE),
    Line("products_deleted", SHOP, "get", EDIT),
    Line("products_delete_undo", ("slug", "deletion.pk"), "post", EDIT),
    Line("products_restore", SHOP, "post", EDIT),
    Line("deleted_photo", PLACED, "get", EDIT),
    Line("product", PRODUCT, "get", ANY),
    Line("product_state", PRODUCT, "get", ANY),
    Line("product_neighbours", PRODUCT, "get", ANY),
    Line("product_edit", PRODUCT, "get", EDIT),
    Line("product_edit", PRODUCT, "post", EDIT),
    Line("product_delete", PRODUCT, "post", EDIT),
    Line("product_status", PRODUCT, "post", MOVE),
    Line("product_versions", PRODUCT, "get", ANY),
    Line("product_back", (*PRODUCT, "version.number"), "post", EDIT),
    Line("product_back_undo", (*PRODUCT, "back_event.pk"), "post", EDIT),
    Line("attribute_edit", ATTRIBUTE, "get", EDIT),
    Line("attribute_edit", ATTRIBUTE, "post", EDIT),
    Line("attribute_unlock", ATTRIBUTE, "post", EDIT),
    Line("attribute_undo", ATTRIBUTE, "post", EDIT),
    Line("field_history", ATTRIBUTE, "get", ANY),
    Line("suggestions_accept", PRODUCT, "post", REVIEW),
    Line("suggestion_accept", SUGGESTION, "post", REVIEW),
    Line("suggestion_reject", SUGGESTION, "post", REVIEW),
    Line("suggestion_undo", SUGGESTION, "post", REVIEW),
    Line("suggestion_edit", SUGGESTION, "get", EDIT),
    Line("suggestion_edit", SUGGESTION, "post", EDIT),
    Line("act_undo", (*PRODUCT, "=wrote", "suggestion.pk"), "post", EDIT),
    Line("terms", SHOP, "get", ANY),
    Line("term_accept", TERM, "post", ()),
    Line("term_map", TERM, "post", ()),
    Line("term_reject", TERM, "post", ()),
    Line("term_undo", TERM, "post", ()),
    Line("batches", SHOP, "get", ANY),
    Line("batch", BATCH, "get", ANY),
    Line("batch_undo", BATCH, "post", EDIT),
    Line("batch_restore", BATCH, "post", EDIT),
    Line("variant_new", PRODUCT, "get", EDIT),
    Line("variant_new", PRODUCT, "post", EDIT),
    Line("variant_edit", VARIANT, "get", EDIT),
    Line("variant_edit", VARIANT, "post", EDIT),
    Line("variant_delete", VARIANT, "post", EDIT),
    Line("variant_restore", VARIANT, "post", EDIT),
    Line("photos_add", PRODUCT, "post", EDIT),
    Line("placement_edit", PLACEMENT, "get", EDIT),
    Line("placement_edit", PLACEMENT, "post", EDIT),
    Line("placement_move", PLACEMENT, "post", EDIT),
    Line("placement_delete", PLACEMENT, "post", EDIT),
    Line("placement_restore", PLACEMENT, "post", EDIT),
    Line("upload", SHOP, "get", EDIT),
    Line("upload", SHOP, "post", EDIT),
    Line("imports", SHOP, "get", ANY),
    Line("grid", SHOP, "get", ANY),
    Line("grid_columns", SHOP, "post", ANY),
    Line("grid_cells", SHOP, "post", EDIT),
    Line("grid_row", ("slug", "product.pk"), "get", EDIT),
    Line("grid_row", ("slug", "product.pk"), "post", EDIT),
    Line("grid_plan", SHOP, "post", EDIT),
    Line("grid_edit", GRID_EDIT, "get", EDIT),
    Line("grid_apply", GRID_EDIT, "post", EDIT),
    Line("grid_undo", GRID_EDIT, "post", EDIT),
    Line("imports", SHOP, "post", EDIT),
    Line("import", IMPORT, "get", ANY),
    Line("import_columns", IMPORT, "get", EDIT),
    Line("import_columns", IMPORT, "post", EDIT),
    Line("import_groups", IMPORT, "get", EDIT),
    Line("import_groups", IMPORT, "post", EDIT),
    Line("import_photo", (*IMPORT, "brought_photo.pk"), "get", EDIT),
    Line("import_report", IMPORT, "get", ANY),
    Line("import_start", IMPORT, "post", EDIT),
    Line("import_stop", IMPORT, "post", EDIT),
    Line("import_undo", IMPORT, "post", EDIT),
    Line("import_retry_photos", IMPORT, "post", EDIT),
    Line("import_delete", IMPORT, "post", EDIT),
    Line("uploads", SHOP, "post", EDIT),
    Line("upload_part", ("slug", "upload.pk"), "post", OWN),
    Line("exports", SHOP, "get", ANY),
    Line("exports", SHOP, "post", ANY),
    Line("export_download", SHOP, "get", ANY),
    Line("export_profile_download", EXPORT, "get", ANY),
    Line("export_profile_delete", EXPORT, "post", EDIT),
    Line("export_profile_undo", ("slug", "export_event.pk"), "post", EDIT),
    Line("insights", SHOP, "get", ANY),
    Line("channels", SHOP, "get", ANY),
    Line("channel_add", SHOP, "post", EDIT),
    Line("channel_remove", ("slug", "target.pk"), "post", EDIT),
    Line("channel_restore", ("slug", "gone_target.pk"), "post", EDIT),
    Line("jobs", SHOP, "get", ANY),
    Line("job_stop", ("slug", "job.pk"), "post", MOVE),
    Line("job_undo", ("slug", "job.pk"), "post", MOVE),
    Line("activity", SHOP, "get", ANY),
    Line("activity_retry", SHOP, "post", EDIT),
    Line("activity_drop", SHOP, "post", EDIT),
    Line("describing_pause", SHOP, "post", EDIT),
    Line("describing_resume", SHOP, "post", EDIT),
    Line("describe", SHOP, "get", EDIT),
    Line("describe", SHOP, "post", EDIT),
    Line("describe_run", RUN, "get", ANY),
    Line("describe_run_accept", RUN, "post", EDIT),
    Line("describe_run_discard", RUN, "post", EDIT),
    Line("describe_run_stop", RUN, "post", EDIT),
    Line("describe_run_reopen", RUN, "post", EDIT),
    Line("review", SHOP, "get", MOVE),
    Line("review_items", SHOP, "get", MOVE),
    Line("review_decide", SHOP, "post", MOVE),
    Line("review_undo", ("slug", "suggestion.pk"), "post", MOVE),
    Line("review_picker", SHOP, "get", MOVE),
    Line("review_grid", SHOP, "get", MOVE),
    Line("review_grid_act", SHOP, "post", REVIEW),
    Line("review_batch_undo", ("slug", "batch.pk"), "post", EDIT),
    Line("review_samples", SHOP, "get", MOVE),
    Line("review_sample_draw", SHOP, "post", REVIEW),
    Line("review_sample", ("slug", "sample.pk"), "get", MOVE),
    Line("review_sample_accept", ("slug", "sample.pk"), "post", REVIEW),
    Line("settings", SHOP, "get", ANY),
    Line("settings", SHOP, "post", OWN),
    Line("vocabulary", SHOP, "get", ANY),
    Line("vocabulary_export", ("slug", "=toml"), "get", ANY),
    Line("member_set", SHOP, "post", OWN),
    Line("member_remove", ("slug", "membership.pk"), "post", OWN),
    Line("photo", ("photo.pk", "=240"), "get", ANY),
    Line("published", SHOP, "get", ANY),
    Line("publish_all", SHOP, "post", EDIT),
    Line("publish_undo", ("slug", "publication"), "post", EDIT),
    Line("publish_end", SHOP, "post", EDIT),
    Line("revoke_all", SHOP, "post", EDIT),
    Line("revoke_one", ("slug", "published.pk"), "post", EDIT),
    Line("product_publish", PRODUCT, "post", EDIT),
    Line("feeds", SHOP, "get", ANY),
    Line("feeds", SHOP, "post", EDIT),
    Line("feed_rotate", FEED, "post", EDIT),
    Line("feed_revoke", FEED, "post", EDIT),
    Line("webhooks", SHOP, "get", OWN),
    Line("webhooks", SHOP, "post", OWN),
    Line("webhook", WEBHOOK, "get", OWN),
    Line("webhook", WEBHOOK, "post", OWN),
    Line("webhook_log", WEBHOOK, "get", OWN),
    Line("webhook_rotate", WEBHOOK, "post", OWN),
    Line("webhook_turn", WEBHOOK, "post", OWN),
    Line("webhook_ping", WEBHOOK, "post", OWN),
    Line("webhook_delete", WEBHOOK, "post", OWN),
    Line("delivery_retry", (*WEBHOOK, "delivery.pk"), "post", OWN),
]
# A picture that must not be shown is not there; a login page is no picture, and no answer to a script.
ANONYMOUS = {"photo": 404, "uploads": 401, "upload_part": 401}


def address(line: Line, shop: Any) -> str:
    def value(path: str) -> Any:
        if path.startswith("="):
            return path[1:]
        found = shop
        for part in path.split("."):
            found = getattr(found, part)
        return found

    return reverse(f"catalog:{line.name}", args=[value(path) for path in line.args])


def status(client: Any, line: Line, shop: Any) -> int:
    return getattr(client, line.method)(address(line, shop)).status_code


def statuses(client: Any, shop: Any, lines: Iterable[Line] = LINES) -> dict[Line, int]:
    """What each address answers; each finds everything as it was."""
    found = {}
    for line in lines:
        with transaction.atomic():
            found[line] = status(client, line, shop)
            transaction.set_rollback(True)
    return found


def named(statuses: dict[Line, int]) -> dict[str, int]:
    return {f"{line.method} {line.name}": code for line, code in statuses.items()}


def test_every_address_of_the_catalogue_has_a_line():
    names = {pattern.name for pattern in urlpatterns}
    assert names - OPEN - BY_TOKEN == {line.name for line in LINES}


@pytest.mark.parametrize("who", [None, "stranger", "viewer", "owner"])
def test_address_with_a_token_is_the_same_for_everybody(who, shop, people, client):
    if who:
        client.force_login(people[who])
    for good, bad in (
        (f"/p/{shop.published.token}.jpg", f"/p/{shop.published.token[::-1]}.jpg"),
        (f"/feeds/{shop.feed_token}.csv", f"/feeds/{shop.feed_token[::-1]}.csv"),
    ):
        assert (client.get(good).status_code, client.get(bad).status_code) == (200, 404)


def test_stranger_finds_nothing(shop, people, client):
    client.force_login(people["stranger"])
    found = named(statuses(client, shop))
    assert found == dict.fromkeys(found, 404)


def test_visitor_is_sent_to_the_login(shop, client):
    for line in LINES:
        response = getattr(client, line.method)(address(line, shop))
        assert response.status_code == ANONYMOUS.get(line.name, 302), line.name
        if response.status_code == 302:
            assert response.url.startswith("/login/"), line.name


@pytest.mark.parametrize("role", ANY)
def test_members_are_let_in_by_their_roles(role, shop, people, client):
    client.force_login(people[role])
    found = statuses(client, shop)
    refused = {line: code for line, code in found.items() if role not in line.allowed}
    assert named(refused) == dict.fromkeys(named(refused), 403)
    allowed = {line: code for line, code in found.items() if role in line.allowed}
    assert named({k: code for k, code in allowed.items() if code in {403, 404} or code > 499}) == {}


def test_deleted_catalogue_is_there_for_nobody(shop, people, client):
    client.force_login(people["owner"])
    shop.catalog.deleted_at = shop.catalog.created_at
    shop.catalog.save()
    found = named(statuses(client, shop))
    assert found == dict.fromkeys(found, 404)


NAMED_BY_ID = [
    line
    for line in LINES
    if line.args[0] == "slug" and any("." in arg for arg in line.args) and line.args != TERM
]


def test_nothing_is_found_through_another_catalogue(shop, people, make_catalog, client):
    client.force_login(people["owner"])
    other = make_catalog("Other", owner=people["owner"])
    for line in NAMED_BY_ID:
        # Deciding on a suggestion says what became of it, and not whether there is one.
        if line.name != "review_undo":
            there = address(line, shop).replace(f"/c/{shop.slug}/", f"/c/{other.slug}/")
            assert getattr(client, line.method)(there).status_code == 404, line.name


def test_suggestion_is_not_decided_on_through_another_catalogue(shop, people, make_catalog, client):
    client.force_login(people["owner"])
    other = make_catalog("Other", owner=people["owner"])
    for name, form in (
        ("review_decide", {"entry": shop.suggestion.pk, "act": "accept"}),
        ("review_grid_act", {"entry": shop.suggestion.pk, "act": "accept"}),
        ("review_undo", {}),
    ):
        args = [other.slug, *([shop.suggestion.pk] if name == "review_undo" else [])]
        client.post(reverse(f"catalog:{name}", args=args), form)
        shop.suggestion.refresh_from_db()
        assert shop.suggestion.decision == "", name


@pytest.mark.parametrize("name", sorted(OPEN))
def test_pages_about_no_catalogue_need_a_login_alone(name, people, client):
    url = reverse(f"catalog:{name}")
    assert client.get(url).url.startswith("/login/")
    client.force_login(people["stranger"])
    assert client.get(url).status_code in {200, 302}


def test_home_lists_no_catalogue_of_others(shop, people, client):
    client.force_login(people["stranger"])
    assert shop.slug not in client.get("/", {"all": ""}).content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_pages_that_are_read_take_no_writes(shop, people, client, method):
    client.force_login(people["owner"])
    read = {line.name for line in LINES if line.method == "get"}
    written = {line.name for line in LINES if line.method == "post"}
    for line in LINES:
        if line.name in read - written:
            assert getattr(client, method)(address(line, shop)).status_code == 405, line.name


def test_acts_are_not_carried_out_by_following_a_link(shop, people, client):
    client.force_login(people["owner"])
    read = {line.name for line in LINES if line.method == "get"}
    for line in LINES:
        if line.name not in read:
            assert client.get(address(line, shop)).status_code == 405, line.name


def test_acts_need_the_form_s_token(shop, people):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(people["owner"])
    for line in LINES:
        if line.method == "post":
            assert client.post(address(line, shop)).status_code == 403, line.name


def test_superuser_may_everything(shop, make_user, client):
    client.force_login(make_user("root", superuser=True))
    for line in LINES:
        if line.method == "get":
            # A grid of no field leads to the choice of one.
            assert status(client, line, shop) in {200, 302}, line.name
