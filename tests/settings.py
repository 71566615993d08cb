"""The product's settings with the state of a test run in a folder of its own."""

import os
import tempfile

os.environ["PRODINTEL_DATA_DIR"] = tempfile.mkdtemp(prefix="prodintel-tests-")
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 40
if url := os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = url
if url := os.environ.get("TEST_REDIS_URL"):
    os.environ["REDIS_URL"] = url

from prodintel.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
