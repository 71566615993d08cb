"""The hosts of signed addresses are those that the content security policy names."""

from __future__ import annotations

import pytest
from storages.backends.s3 import S3Storage

from prodintel.lib.bucket import photo_sources, storage_options


@pytest.mark.parametrize(
    ("bucket", "endpoint", "region"),
    [
        ("photos", "", ""),
        ("photos", "", "us-east-1"),
        ("photos", "", "eu-central-1"),
        ("photos", "", "cn-north-1"),
        ("photos", "", "us-gov-west-1"),
        ("my.photos", "", ""),
        ("my.photos", "", "eu-central-1"),
        ("photos", "http://minio:9000", ""),
        ("photos", "https://fra1.digitaloceanspaces.com", "fra1"),
    ],
)
def test_policy_names_the_host_of_signed_addresses(bucket, endpoint, region):
    place = {"bucket": bucket, "endpoint": endpoint, "region": region}
    storage = S3Storage(**storage_options(**place, access_key="a", secret_key="b"))
    address = storage.url("photo.webp")
    assert any(address.startswith(source.rstrip("/") + "/") for source in photo_sources(**place))


def test_policy_names_no_bucket_but_the_site_s_own():
    sources = photo_sources(bucket="photos", endpoint="", region="eu-central-1")
    assert sources == [
        "https://photos.s3.amazonaws.com",
        "https://photos.s3.eu-central-1.amazonaws.com",
    ]
