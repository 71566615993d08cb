"""Photos: to whom, in what form, and for how long they may be kept."""

from __future__ import annotations

import datetime as dt
import io

import httpx
import pytest
from PIL import Image

from catalog import storage
from catalog.services.catalogs import token_create, token_revoke
from catalog.services.photos import photo_stage
from catalog.services.products import products_delete
from catalog.views.photos import REDIRECT_SECONDS
from catalog.vision.metadata import source_type_in
from prodintel.lib.bucket import CACHE_CONTROL
from tests.catalog.vision.bad_photos import jpeg, private_exif, xmp

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(shop) -> str:
    return f"/photos/{shop.photo.pk}/240.webp"


@pytest.fixture
def viewer(people, client):
    client.force_login(people["viewer"])
    return client


def test_member_sees_a_webp_no_wider_than_asked(viewer, url):
    response = viewer.get(url)
    assert response["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(response.content)).width <= 240


def test_token_shows_a_photo_too(client, people, url):
    token, text = token_create(user=people["viewer"])
    bearer = {"Authorization": f"Bearer {text}"}
    assert client.get(url, headers=bearer).status_code == 200
    token_revoke(token=token, actor=people["viewer"])
    assert client.get(url, headers=bearer).status_code == 404


def test_stranger_s_token_shows_nothing(client, people, url):
    bearer = {"Authorization": f"Bearer {token_create(user=people['stranger'])[1]}"}
    assert client.get(url, headers=bearer).status_code == 404


def test_bad_token_is_not_helped_by_a_session(viewer, url):
    assert viewer.get(url, headers={"Authorization": "Bearer nonsense"}).status_code == 404


def test_photo_may_be_kept_by_the_browser_and_by_nobody_else(viewer, url):
    control = viewer.get(url)["Cache-Control"]
    assert "private" in control
    assert "immutable" in control
    assert "public" not in control


def test_photo_that_the_browser_has_is_not_sent_again(viewer, url):
    etag = viewer.get(url)["ETag"]
    response = viewer.get(url, headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == etag


def test_stranger_is_not_told_that_a_photo_is_unchanged(viewer, client, people, url):
    etag = viewer.get(url)["ETag"]
    client.force_login(people["stranger"])
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 404


def test_width_that_is_not_offered_is_not_found(viewer, shop):
    assert viewer.get(f"/photos/{shop.photo.pk}/241.webp").status_code == 404


def test_photo_of_a_deleted_product_is_gone_at_once(viewer, shop, people, url):
    products_delete(products=[shop.product], actor=people["owner"])
    assert viewer.get(url).status_code == 404


def test_personal_metadata_is_not_served(viewer, make_product):
    photo = photo_stage(data=jpeg(exif=private_exif()), name="x.jpg")
    placed = make_product(photos=[photo]).placements.get()
    content = viewer.get(f"/photos/{placed.photo_id}/480.webp").content
    assert b"SecretCamera" not in content
    assert not Image.open(io.BytesIO(content)).getexif()


def test_mark_of_an_ai_made_image_is_served(viewer, make_product):
    photo = photo_stage(data=jpeg(xmp=xmp()), name="x.jpg")
    placed = make_product(photos=[photo]).placements.get()
    content = viewer.get(f"/photos/{placed.photo_id}/480.webp").content
    packet = Image.open(io.BytesIO(content)).info["xmp"]
    assert source_type_in(packet) == "trainedAlgorithmicMedia"
    assert b"Jane Private" not in content


def test_photo_whose_file_is_lost_is_not_found(viewer, shop, url):
    storage.delete(shop.photo.file.name)
    assert viewer.get(url).status_code == 404


def test_storage_that_is_away_is_told_from_a_photo_that_is_lost(viewer, url, monkeypatch):
    def away(name: str) -> bool:
        raise storage.StorageUnavailable("away")

    monkeypatch.setattr(storage, "exists", away)
    response = viewer.get(url)
    assert (response.status_code, response["Retry-After"]) == (503, "10")


def test_stored_files_have_no_address_of_their_own(viewer, shop):
    for path in (f"/media/{shop.photo.file.name}", f"/{shop.photo.file.name}"):
        assert viewer.get(path).status_code == 404


@pytest.fixture
def in_bucket(viewer, make_product, s3_photos):
    """The address of a photo that is stored in a bucket."""
    return f"/photos/{make_product().placements.get().photo_id}/240.webp"


def test_photo_in_a_bucket_is_shown_by_a_signed_address(viewer, in_bucket, s3_photos):
    response = viewer.get(in_bucket)
    assert response.status_code == 302
    assert response.url.startswith(f"{s3_photos}/photos/renditions/")
    assert "X-Amz-Signature=" in response.url
    assert "private" in response["Cache-Control"]


def test_browser_may_keep_what_it_gets_from_the_bucket(viewer, in_bucket):
    shown = httpx.get(viewer.get(in_bucket).url)
    assert shown.headers["Content-Type"] == "image/webp"
    assert shown.headers["Cache-Control"] == CACHE_CONTROL
    assert Image.open(io.BytesIO(shown.content)).width <= 240


def test_photo_in_a_bucket_keeps_its_signed_address(viewer, in_bucket, monkeypatch):
    first = viewer.get(in_bucket).url
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=20)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_options: later)
    assert viewer.get(in_bucket).url == first


def test_signed_address_is_good_for_longer_than_anybody_is_led_to_it():
    assert storage.STEADY_SECONDS + REDIRECT_SECONDS < storage.SIGNED_SECONDS


def test_stranger_is_led_to_no_bucket(client, people, in_bucket):
    client.force_login(people["stranger"])
    assert client.get(in_bucket).status_code == 404
