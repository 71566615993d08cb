"""The tus protocol, as its specification has it, for pages and for programs."""

from __future__ import annotations

import base64
import hashlib

import pytest
from django.test import Client
from django.urls import reverse

from catalog import storage
from catalog.models import Import, Membership, Role, Upload
from catalog.services.catalogs import token_create
from catalog.uploads import services
from catalog.uploads.files import upload_path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]

CONTENT_TYPE = "application/offset+octet-stream"


def told(name: str) -> str:
    return f"filename {base64.b64encode(name.encode()).decode()},filetype {base64.b64encode(b'x').decode()}"


class Tus:
    """A client of the protocol, at one of the two places that speak it."""

    def __init__(self, client: Client, start: str, **headers: str) -> None:
        self._client, self._start = client, start
        self._headers = {"Tus-Resumable": "1.0.0", **headers}

    def send(self, method: str, url: str, body: bytes = b"", content_type: str = "", **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.generic(
            method, url, body, content_type=content_type, headers={**self._headers, **sent}
        )

    def begin(self, size: object = 10, name: str = "photos.zip", body: bytes = b"", **headers):
        content_type = CONTENT_TYPE if body else ""
        asked = {"Upload_Length": str(size), "Upload_Metadata": told(name), **headers}
        return self.send("POST", self._start, body, content_type, **asked)

    def patch(self, url: str, offset: object, body: bytes, **headers):
        asked = {"Upload_Offset": str(offset), **headers}
        return self.send("PATCH", url, body, CONTENT_TYPE, **asked)


@pytest.fixture(params=["page", "api"])
def tus(request, catalog, person) -> Tus:
    if request.param == "page":
        client = Client()
        client.force_login(person)
        return Tus(client, reverse("catalog:uploads", args=[catalog.slug]))
    token = token_create(user=person)[1]
    return Tus(
        Client(), f"/api/v1/catalogs/{catalog.slug}/uploads", Authorization=f"Bearer {token}"
    )


@pytest.fixture
def url(tus) -> str:
    return tus.begin()["Location"]


def message(response) -> str:
    return response.json()["error"]["message"]


def test_upload_is_begun_and_continued_to_its_end(tus):
    begun = tus.begin(name="Müsli.zip")
    assert begun.status_code == 201
    assert begun["Tus-Resumable"] == "1.0.0"
    assert begun["Upload-Expires"].endswith("GMT")
    url = begun["Location"]
    first = tus.patch(url, 0, b"01234")
    assert (first.status_code, first["Upload-Offset"], first.content) == (204, "5", b"")
    seen = tus.send("HEAD", url)
    assert seen.status_code == 200
    assert {name: seen[name] for name in ("Upload-Offset", "Upload-Length", "Cache-Control")} == {
        "Upload-Offset": "5",
        "Upload-Length": "10",
        "Cache-Control": "no-store",
    }
    assert seen["Upload-Metadata"] == told("Müsli.zip")
    assert tus.patch(url, 5, b"56789")["Upload-Offset"] == "10"
    upload = Upload.objects.get()
    assert upload.name == "Müsli.zip"
    with upload_path(upload) as path:
        assert path.read_bytes() == b"0123456789"


def test_upload_is_begun_with_its_first_bytes(tus):
    begun = tus.begin(body=b"0123")
    assert (begun.status_code, begun["Upload-Offset"]) == (201, "4")


def test_abilities_are_told(tus, url, settings):
    for place in (tus._start, url):
        response = tus._client.options(
            place, headers={k: v for k, v in tus._headers.items() if k == "Authorization"}
        )
        assert response.status_code == 204
        assert response["Tus-Version"] == "1.0.0"
        assert "termination" in response["Tus-Extension"].split(",")
        assert response["Tus-Max-Size"] == str(settings.MAX_UPLOAD_BYTES)
        assert response["Tus-Checksum-Algorithm"] == "sha1,sha256"


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_other_version_is_refused_with_the_one_there_is(tus, url, method):
    response = tus.send(method, url, Tus_Resumable="0.2.2")
    assert (response.status_code, response["Tus-Version"]) == (412, "1.0.0")
    assert tus.begin(Tus_Resumable="").status_code == 412


@pytest.mark.parametrize("offset", [0, 4, 6, 10])
def test_wrong_offset_is_a_conflict_that_says_where_to_go_on(tus, url, offset):
    tus.patch(url, 0, b"01234")
    response = tus.patch(url, offset, b"x")
    assert (response.status_code, response["Upload-Offset"]) == (409, "5")


@pytest.mark.parametrize("offset", ["", "-1", "five", "1" * 30, "\xb2"])
def test_offset_that_is_no_number_is_refused(tus, url, offset):
    assert tus.patch(url, offset, b"x").status_code == 400


@pytest.mark.parametrize("size", ["", "-1", "many", "1" * 30])
def test_length_that_is_no_number_is_refused(tus, size):
    assert tus.begin(size).status_code == 400


@pytest.mark.parametrize("metadata", ["filename !!!", "filename /w==", "a " + "QUFB" * 2000])
def test_metadata_that_cannot_be_read_is_refused(tus, metadata):
    assert tus.begin(Upload_Metadata=metadata).status_code == 400


@pytest.mark.parametrize("metadata", ["", "is_secret", "filename ,name QQ=="])
def test_metadata_may_say_little(tus, metadata):
    assert tus.begin(Upload_Metadata=metadata).status_code == 201


def test_name_is_plain_text_without_folders(tus):
    tus.begin(name="../../etc/\x00pass\nwd.zip")
    assert Upload.objects.get().name == "passwd.zip"


def test_body_of_another_type_is_refused(tus, url):
    response = tus.send("PATCH", url, b"x", "application/json", Upload_Offset="0")
    assert response.status_code == 415


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_damaged_bytes_are_refused_by_their_checksum(tus, url, algorithm):
    digest = base64.b64encode(hashlib.new(algorithm, b"01234").digest()).decode()
    checksum = f"{algorithm} {digest}"
    response = tus.patch(url, 0, b"0123X", Upload_Checksum=checksum)
    assert (response.status_code, response.reason_phrase) == (460, "Checksum Mismatch")
    assert tus.patch(url, 0, b"01234", Upload_Checksum=checksum)["Upload-Offset"] == "5"


@pytest.mark.parametrize("checksum", ["crc32 AAAA", "sha1 !", "sha1"])
def test_checksum_that_cannot_be_checked_is_refused(tus, url, checksum):
    assert tus.patch(url, 0, b"01234", Upload_Checksum=checksum).status_code in {400, 460}
    assert Upload.objects.get().offset == 0


def test_more_than_was_announced_is_refused(tus, url):
    assert tus.patch(url, 0, b"0" * 11).status_code == 413


def test_file_that_is_too_large_is_refused_before_it_is_sent(tus, settings):
    settings.MAX_UPLOAD_BYTES = 1024**3
    response = tus.begin(1024**3 + 1)
    assert response.status_code == 413
    assert "1 GB" in message(response)


def test_empty_file_is_refused(tus):
    response = tus.begin(0)
    assert (response.status_code, message(response)) == (422, "This file is empty. Choose another.")


def test_full_disk_is_told_and_nothing_is_lost(tus, url, monkeypatch):
    tus.patch(url, 0, b"01234")

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(storage, "_write_whole", full)
        response = tus.patch(url, 5, b"56789")
    assert response.status_code == 507
    assert "What is stored stays" in message(response)
    assert tus.send("HEAD", url)["Upload-Offset"] == "5"


def test_storage_that_is_away_is_told(tus, url, monkeypatch):
    def away(*_args: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(storage, "_write_whole", away)
    response = tus.patch(url, 0, b"01234")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_too_many_files_lying_around_are_told(tus, monkeypatch):
    monkeypatch.setattr(services, "MAX_WAITING", 0)
    response = tus.begin()
    assert response.status_code == 422
    assert "too many files" in message(response)


def test_upload_is_removed(tus, url):
    assert tus.send("DELETE", url).status_code == 204
    assert not Upload.objects.exists()
    assert tus.send("HEAD", url).status_code == 404
    assert tus.patch(url, 0, b"x").status_code == 404


def test_upload_that_an_import_uses_is_not_removed(tus, url, catalog):
    Import.objects.create(catalog=catalog, name="a", photos=Upload.objects.get())
    assert tus.send("DELETE", url).status_code == 409
    assert Upload.objects.exists()


def test_post_stands_for_methods_that_cannot_be_sent(tus, url):
    asked = {"Upload_Offset": "0", "X_HTTP_Method_Override": "PATCH"}
    assert tus.send("POST", url, b"01234", CONTENT_TYPE, **asked)["Upload-Offset"] == "5"
    assert tus.send("POST", url, X_HTTP_Method_Override="DELETE").status_code == 204


def test_post_that_stands_for_nothing_is_refused(tus, url):
    response = tus.send("POST", url)
    assert response.status_code == 405
    assert "PATCH" in response["Allow"]


def test_part_that_is_larger_than_a_form_may_be_is_taken(tus, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    url = tus.begin(1000)["Location"]
    assert tus.patch(url, 0, b"x" * 1000)["Upload-Offset"] == "1000"


def test_upload_of_somebody_else_is_not_continued(catalog, make_user, tus, url):
    other = make_user()
    Membership.objects.create(user=other, catalog=catalog, role=Role.OWNER)
    client = Client()
    client.force_login(other)
    intruder = Tus(client, "")
    page = reverse("catalog:upload_part", args=[catalog.slug, Upload.objects.get().pk])
    assert intruder.patch(page, 0, b"x").status_code == 403
    assert intruder.send("DELETE", page).status_code == 403
    assert Upload.objects.get().offset == 0


def test_upload_ends_when_its_owner_may_edit_no_more(catalog, person, tus, url):
    Membership.objects.filter(user=person).update(role=Role.VIEWER)
    assert tus.patch(url, 0, b"x").status_code == 403
    Membership.objects.filter(user=person).delete()
    assert tus.patch(url, 0, b"x").status_code == 404


def test_page_sends_its_csrf_token(catalog, person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    start = reverse("catalog:uploads", args=[catalog.slug])
    assert Tus(client, start).begin().status_code == 403
    client.get(reverse("catalog:upload", args=[catalog.slug]))
    token = client.cookies["csrftoken"].value
    assert Tus(client, start, **{"X-CSRFToken": token}).begin().status_code == 201


def test_script_whose_session_ended_is_told_to_log_in(catalog, client):
    response = Tus(client, reverse("catalog:uploads", args=[catalog.slug])).begin()
    assert response.status_code == 401
    assert "Log in again" in message(response)
