from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


def fetch(url: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("GET", f"{parts.path}?{parts.query}")
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


@pytest.mark.usefixtures("s3_photos")
def test_photo_in_s3_is_read_back_and_served_by_a_signed_address(photo_bytes):
    data = photo_bytes()
    name = default_storage.save("photos/1/ab/photo.jpg", ContentFile(data))
    with default_storage.open(name) as file:
        assert file.read() == data
    url = default_storage.url(name)
    assert "X-Amz-Signature=" in url
    assert fetch(url) == (200, data)
    default_storage.delete(name)
    assert not default_storage.exists(name)
