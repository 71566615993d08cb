"""What anybody sees at a published address, and when."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from catalog import storage
from catalog.models import Placement, ProductStatus
from catalog.publishing.services import photos_publish, photos_revoke, published_addresses
from catalog.services.catalogs import catalog_delete
from catalog.services.photos import photo_stage, placement_delete
from catalog.services.products import (
    product_add_photos,
    products_delete,
    products_restore,
)
from catalog.views import published
from catalog.vision.metadata import source_type_in
from tests.catalog.colours import staged
from tests.catalog.vision.bad_photos import jpeg, private_exif, xmp

pytestmark = pytest.mark.django_db
DRAFT, IN_REVIEW, APPROVED, ARCHIVED = ProductStatus


@pytest.fixture
def look(client, token):
    """The answer at the address, to somebody without a session."""

    def get(text: str = "", method: str = "get", **headers: str):
        return getattr(client, method)(f"/p/{text or token}.jpg", headers=headers)

    return get


def test_anybody_sees_the_photo_as_a_jpeg(look):
    response = look()
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(response.content)).format == "JPEG"


def test_address_cannot_be_guessed(token):
    """24 random bytes: 192 bits."""
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", token)


@pytest.mark.parametrize("change", [str.swapcase, lambda text: text[::-1], lambda text: text[:-1]])
def test_other_token_is_not_found(look, token, change):
    response = look(change(token))
    assert (response.status_code, response.content) == (404, b"Not Found.")


@pytest.mark.parametrize("status", [DRAFT, IN_REVIEW, ARCHIVED])
def test_photo_of_what_is_no_longer_approved_is_gone_at_once(look, mug, move, status):
    move(mug, status)
    assert look().status_code == 404


def test_photo_is_back_when_the_product_is_approved_again(look, mug, move):
    move(mug, DRAFT)
    move(mug)
    assert look().status_code == 200


def test_photo_of_a_deleted_product_is_gone_until_it_is_restored(look, mug, person):
    products_delete(products=[mug], actor=person)
    assert look().status_code == 404
    products_restore(products=[mug], actor=person)
    assert look().status_code == 200


def test_photo_that_was_taken_off_its_product_is_gone(look, mug, person):
    placement_delete(placement=mug.placements.get(), actor=person)
    assert look().status_code == 404


def test_photo_of_a_deleted_catalogue_is_gone(look, catalog, person):
    catalog_delete(catalog=catalog, actor=person)
    assert look().status_code == 404


def test_revoked_address_leads_nowhere_for_ever(look, mug, person, move):
    photos_revoke(placements=mug.placements.all(), actor=person)
    move(mug, DRAFT)
    move(mug)
    assert look().status_code == 404


def test_photo_published_again_has_another_address(look, mug, person, token):
    photos_revoke(placements=mug.placements.all(), actor=person)
    (again,) = photos_publish(placements=mug.placements.all(), actor=person)
    assert again.token != token
    assert look(again.token).status_code == 200
    assert look().status_code == 404


def test_photo_added_after_the_approval_is_not_published(mug, person, token):
    product_add_photos(product=mug, photos=[staged("blue", mark=9)], actor=person)
    assert photos_publish(placements=mug.placements.all(), actor=person) == []


def test_photo_whose_approval_was_withdrawn_is_gone(look, mug, person, token):
    version = mug.versions.get()
    version.content["photos"] = []
    version.save()
    assert look().status_code == 404


def test_gps_and_personal_metadata_are_not_served(look, make_product, move, person):
    photo = photo_stage(data=jpeg(exif=private_exif()), name="Jane at home.jpg")
    product = move(make_product(photos=[photo]))
    (row,) = photos_publish(placements=product.placements.all(), actor=person)
    response = look(row.token)
    assert response.status_code == 200
    assert not Image.open(io.BytesIO(response.content)).getexif()
    for secret in (b"SecretCamera", b"GPS", b"Exif"):
        assert secret not in response.content
    assert "Jane" not in str(response.headers)


def test_mark_of_an_ai_made_image_is_kept(look, make_product, move, person):
    product = move(make_product(photos=[photo_stage(data=jpeg(xmp=xmp()), name="x.jpg")]))
    (row,) = photos_publish(placements=product.placements.all(), actor=person)
    content = look(row.token).content
    assert source_type_in(Image.open(io.BytesIO(content)).info["xmp"]) == "trainedAlgorithmicMedia"
    assert b"Jane Private" not in content


def test_large_photo_keeps_what_channels_ask_for(look, make_product, move, person):
    big = io.BytesIO()
    Image.effect_noise((3000, 1500), 40).convert("RGB").save(big, "JPEG")
    product = move(make_product(photos=[photo_stage(data=big.getvalue(), name="big.jpg")]))
    (row,) = photos_publish(placements=product.placements.all(), actor=person)
    content = look(row.token).content
    assert Image.open(io.BytesIO(content)).size == (2400, 1200)
    assert len(content) < 8 * 1024 * 1024


def test_browser_that_opens_it_runs_and_keeps_nothing_of_ours(look):
    response = look()
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == published.POLICY
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_member_s_session_is_not_looked_at(look, client, person):
    client.force_login(person)
    response = look()
    assert "Cookie" not in response.get("Vary", "")
    assert not response.cookies


def test_photo_may_be_kept_for_minutes_only(look):
    control = look()["Cache-Control"]
    assert "public" in control
    assert f"max-age={published.KEPT_SECONDS}" in control
    assert published.KEPT_SECONDS <= 600


def test_photo_that_somebody_has_is_not_sent_again_while_it_is_public(look, mug, move):
    etag = look()["ETag"]
    response = look(**{"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    move(mug, DRAFT)
    assert look(**{"If-None-Match": etag}).status_code == 404


def test_head_says_the_same_without_the_photo(look):
    response = look(method="head")
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Type"] == "image/jpeg"


def test_address_takes_no_writes(look):
    assert look(method="post").status_code == 405


def test_who_guesses_is_slowed_down(look, monkeypatch):
    monkeypatch.setattr(published, "MISSES", published.Throttle("few", limit=2, seconds=60))
    answers = [look("x" * 32).status_code for _ in range(3)]
    assert answers == [404, 404, 429]
    assert look().status_code == 200


def test_who_asks_too_often_is_told_when_to_come_again(look, monkeypatch):
    monkeypatch.setattr(published, "LOOKS", published.Throttle("one", limit=1, seconds=60))
    look()
    response = look()
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60


def test_storage_that_is_away_is_no_lost_photo(look, monkeypatch):
    def away(name: str) -> bool:
        raise storage.StorageUnavailable("away")

    monkeypatch.setattr(storage, "exists", away)
    response = look()
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert response["Cache-Control"] == "no-store"


def test_photo_in_a_bucket_is_served_by_the_site_itself(
    s3_photos, make_product, move, person, look
):
    """A signed address of the bucket would outlive a revocation."""
    product = move(make_product())
    (row,) = photos_publish(placements=product.placements.all(), actor=person)
    assert look(row.token).status_code == 200
    assert look(row.token)["Content-Type"] == "image/jpeg"


def test_copy_goes_with_its_photo(mug, look, token):
    look()
    photo = mug.placements.get().photo
    from catalog.renditions import published_name, rendition_names

    assert storage.exists(published_name(photo))
    assert published_name(photo) in rendition_names(photo)


def test_exports_are_given_addresses_of_what_is_public(mug, token, make_product, settings, move):
    settings.PUBLIC_URL = "https://shop.example"
    other = make_product("Bowl")
    ids = list(Placement.objects.values_list("pk", flat=True))
    placed = mug.placements.get().pk
    assert published_addresses(ids) == {placed: f"https://shop.example/p/{token}.jpg"}
    assert other.placements.get().pk not in published_addresses(ids)
    move(mug, DRAFT)
    assert published_addresses(ids) == {}


def test_addresses_of_many_take_one_query(mug, token, django_assert_num_queries):
    with django_assert_num_queries(1):
        published_addresses(range(400))
