"""Photos in S3-compatible storage: how it is used, and which hosts they are shown from."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

# What is stored is never changed under its name; whoever got it may keep it, and no proxy between.
CACHE_CONTROL = "private, max-age=604800, immutable"
# A bucket with another name, such as one with dots, has no host of its own.
# Larger files are read through the disk.
MAX_MEMORY_BYTES = 32 * 1024 * 1024
_HOST_NAME = re.compile(r"[a-z0-9-]{3,63}")


def storage_options(
    *, bucket: str, endpoint: str, region: str, access_key: str, secret_key: str
) -> dict[str, Any]:
    """Options of `storages.backends.s3.S3Storage`; empty texts leave a choice to the machine."""
    return {
        "bucket_name": bucket,
        "endpoint_url": endpoint or None,
        "region_name": region or None,
        "access_key": access_key or None,
        "secret_key": secret_key or None,
        "default_acl": None,
        "object_parameters": {"CacheControl": CACHE_CONTROL},
        "querystring_auth": True,
        "file_overwrite": True,
        "signature_version": "s3v4",
        "max_memory_size": MAX_MEMORY_BYTES,
    }


def photo_sources(*, bucket: str, endpoint: str, region: str) -> list[str]:
    """Where signed addresses of the bucket may lead, as sources of a content security policy."""
    if endpoint:
        parts = urlsplit(endpoint)
        return [f"{parts.scheme}://{parts.netloc}"]
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    # Amazon's signed addresses name no region, and new buckets redirect from there to theirs.
    services = [f"s3.{domain}", *([f"s3.{region}.{domain}"] if region else [])]
    if _HOST_NAME.fullmatch(bucket):
        return [f"https://{bucket}.{service}" for service in services]
    return [f"https://{service}/{bucket}/" for service in services]
