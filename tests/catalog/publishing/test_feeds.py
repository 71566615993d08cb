"""Feeds: who gets them, what stands in them, and when they are sent again."""

from __future__ import annotations

import csv
import io
import re
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError

from catalog.models import (
    AttributeDefinition,
    AuditEvent,
    ExportProfile,
    Feed,
    Product,
    ProductStatus,
)
from catalog.publishing import feeds
from catalog.publishing.feeds import feed_create, feed_revoke, feed_rotate
from catalog.publishing.services import photos_publish, photos_revoke
from catalog.services.catalogs import (
    catalog_delete,
    catalog_update,
    membership_remove,
    membership_set,
)
from catalog.services.photos import placement_delete
from catalog.services.products import product_update
from catalog.services.vocabulary import definition_save
from catalog.views import polled
from prodintel.lib.throttle import Throttle

pytestmark = pytest.mark.django_db
DRAFT, IN_REVIEW, APPROVED, ARCHIVED = ProductStatus


@pytest.fixture
def profile(catalog):
    """A saved export that says, wrongly for a feed, that everything and every photo goes out."""
    return ExportProfile.objects.create(
        catalog=catalog,
        name="Shop",
        format="csv",
        options={"approved_only": False, "photos": "all"},
    )


@pytest.fixture
def made(profile, person):
    """A feed and its token."""
    return feed_create(profile=profile, actor=person)


@pytest.fixture
def poll(client, made):
    def get(token: str = "", method: str = "get", **headers: str):
        return getattr(client, method)(f"/feeds/{token or made[1]}.csv", headers=headers)

    return get


def text_of(response) -> str:
    assert response.status_code == 200
    return response.getvalue().decode("utf-8-sig")


def titles(response) -> list[str]:
    rows = list(csv.DictReader(io.StringIO(text_of(response))))
    name = next(key for key in (rows[0] if rows else {"title": ""}) if key.lower() == "title")
    return [row[name] for row in rows]


def test_platform_gets_the_file_without_a_login(poll, mug):
    response = poll()
    assert titles(response) == ["Mug"]
    assert response["Content-Type"].startswith("text/csv")
    assert response.streaming
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_address_cannot_be_guessed_and_is_not_kept(made):
    _, token = made
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert token not in str(Feed.objects.values().get())


@pytest.mark.parametrize("change", [str.swapcase, lambda text: text[:-1], lambda text: text[8:]])
def test_other_token_is_not_found(poll, made, change):
    response = poll(change(made[1]))
    assert (response.status_code, response.content) == (404, b"Not Found.")


def test_revoked_feed_is_not_found(poll, made, person):
    feed_revoke(feed=made[0], actor=person)
    assert poll().status_code == 404


def test_rotated_feed_has_another_address(poll, made, person):
    token = feed_rotate(feed=made[0], actor=person)
    assert poll().status_code == 404
    assert poll(token).status_code == 200


def test_revoked_feed_is_given_no_other_address(made, person):
    feed_revoke(feed=made[0], actor=person)
    with pytest.raises(ValidationError):
        feed_rotate(feed=made[0], actor=person)


def test_feed_of_a_deleted_catalogue_is_not_found(poll, catalog, person):
    catalog_delete(catalog=catalog, actor=person)
    assert poll().status_code == 404


@pytest.mark.parametrize("status", [DRAFT, IN_REVIEW, ARCHIVED])
def test_what_is_not_approved_is_never_shown(poll, mug, make_product, move, status):
    move(make_product("Secret"), status)
    assert titles(poll()) == ["Mug"]


def test_newer_words_than_the_approved_ones_are_not_shown(poll, mug, person):
    product_update(product=mug, actor=person, fields={"title": "Not approved yet"})
    assert titles(poll()) == ["Mug"]


def test_photos_are_shown_by_their_published_addresses_alone(poll, mug, person):
    assert "/photos/" not in text_of(poll())
    (row,) = photos_publish(placements=mug.placements.all(), actor=person)
    assert f"/p/{row.token}.jpg" in text_of(poll())
    photos_revoke(placements=mug.placements.all(), actor=person)
    assert f"/p/{row.token}.jpg" not in text_of(poll())


def test_feed_goes_on_when_who_made_it_leaves(poll, mug, catalog, person, make_user):
    membership_set(catalog=catalog, user=make_user("grace"), role="owner", actor=person)
    membership_remove(catalog=catalog, user=person, actor=person)
    person.delete()
    assert titles(poll()) == ["Mug"]


def test_what_has_not_changed_is_not_sent_again(poll, mug):
    first = poll()
    for again in (
        poll(**{"If-None-Match": first["ETag"]}),
        poll(**{"If-Modified-Since": first["Last-Modified"]}),
    ):
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]


CHANGES = {
    "approve": lambda shop: shop.move(shop.make_product("Bowl")),
    "take back": lambda shop: shop.move(shop.mug, DRAFT),
    "rename the export": lambda shop: shop.profile.save(),
    "publish": lambda shop: photos_publish(placements=shop.mug.placements.all(), actor=shop.person),
    "take a photo off": lambda shop: placement_delete(
        placement=shop.mug.placements.first(), actor=shop.person
    ),
    "another currency": lambda shop: catalog_update(
        catalog=shop.catalog, actor=shop.person, currency="CHF"
    ),
    "another word": lambda shop: definition_save(
        definition=AttributeDefinition.objects.get(key="color"), actor=shop.person
    ),
    # As two who wrote at once: the lower number was to be seen later.
    "an older event": lambda shop: AuditEvent.objects.create(
        pk=1_000_000 - 1, catalog=shop.catalog, action="late", target_type="catalog"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_sent_again(
    poll, mug, catalog, vocabulary, make_product, move, profile, person, change
):
    AuditEvent.objects.create(pk=1_000_000, catalog=catalog, action="last", target_type="catalog")
    first = poll()
    shop = SimpleNamespace(
        mug=mug,
        catalog=catalog,
        make_product=make_product,
        move=move,
        profile=profile,
        person=person,
    )
    CHANGES[change](shop)
    response = poll(**{"If-None-Match": first["ETag"]})
    assert response.status_code == 200
    assert response["ETag"] != first["ETag"]
    # Also for who goes by dates, within the same second.
    assert poll(**{"If-Modified-Since": first["Last-Modified"]}).status_code == 200


def test_other_products_of_the_same_number_are_sent_again(poll, mug, profile, make_product, move):
    """A search finds others without anybody having changed anything."""
    move(make_product("Bowl"))
    asked = feeds._going
    export = feeds.profile_export(profile)
    one, other = (asked(export, Product.objects.filter(title=title)) for title in ("Mug", "Bowl"))
    assert one["count"] == other["count"]
    assert one["which"] != other["which"]


def test_another_version_of_the_site_sends_files_again(poll, mug, monkeypatch):
    etag = poll()["ETag"]
    monkeypatch.setattr(feeds, "_program", lambda: "next")
    assert poll(**{"If-None-Match": etag}).status_code == 200


def test_head_says_the_same_without_the_file(poll, mug):
    response = poll(method="head")
    assert (response.status_code, response.content) == (200, b"")
    assert response["ETag"] == poll()["ETag"]


def test_address_takes_no_writes(poll):
    assert poll(method="post").status_code == 405


def test_platform_that_polls_too_often_is_told_when_to_come_again(poll, monkeypatch):
    monkeypatch.setattr(polled, "POLLS", Throttle("one-feed", limit=1, seconds=3600))
    poll()
    response = poll()
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 3600


def test_who_guesses_is_slowed_down_and_platforms_are_not(poll, monkeypatch):
    monkeypatch.setattr(polled, "MISSES", Throttle("few-feeds", limit=2, seconds=60))
    answers = [poll("x" * 43).status_code for _ in range(3)]
    assert answers == [404, 404, 429]
    assert poll().status_code == 200


def test_feed_knows_when_and_by_whom_it_was_polled_last(poll, mug, made):
    poll(**{"User-Agent": "Googlebot/2.1\x7f"})
    feed = Feed.objects.get(pk=made[0].pk)
    assert feed.polled_at is not None
    assert (feed.polled_by, feed.product_count) == ("Googlebot/2.1", 1)


def test_making_and_revoking_is_in_the_audit_trail(made, person):
    feed_revoke(feed=made[0], actor=person)
    said = AuditEvent.objects.filter(target_type="feed", actor=person)
    assert [row.action for row in said] == ["feed.revoke", "feed.create"]


def test_catalogue_has_a_bounded_number_of_feeds(made, profile, person, monkeypatch):
    monkeypatch.setattr(feeds, "MOST_FEEDS", 1)
    with pytest.raises(ValidationError):
        feed_create(profile=profile, actor=person)
