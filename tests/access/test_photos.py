"""Photos: to whom, in what form, and for how long they may be kept."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from catalog import storage
from catalog.services.catalogs import token_create, token_revoke
from catalog.services.photos import photo_stage
from catalog.services.products import products_delete
from tests.catalog.vision.bad_photos import jpeg, private_exif

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
