"""The product's settings for tests: SQLite, no other service, state in a folder of the run's own.

Nothing of the developer's own configuration reaches the tests: neither `.env` nor the environment.
"""

import os
import tempfile
from pathlib import Path

_SERVICES = ("DATABASE_URL", "REDIS_URL", "QDRANT_URL", "QDRANT_API_KEY", "S3_BUCKET")
_ENCODER = ("CLIP_MODEL", "CLIP_PRETRAINED", "CLIP_DEVICE", "CLIP_DTYPE")
_SITE = ("PRODINTEL_ENV", "DEBUG", "HOST", "PORT", "ALLOWED_HOSTS", "TRUST_PROXY", "LOG_FORMAT")
for _name in (*_SERVICES, *_ENCODER, *_SITE):
    os.environ.pop(_name, None)
    os.environ.pop(f"{_name}_FILE", None)
os.environ["PRODINTEL_ENV_FILE"] = os.devnull
os.environ["PRODINTEL_DATA_DIR"] = tempfile.mkdtemp(prefix="prodintel-tests-")
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 40

from prodintel.settings import *  # noqa: E402, F403 -- reads the environment prepared above
from prodintel.settings import DATA_DIR, DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

# A file and not memory: threads of a test then meet the locking that the product meets.
DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Whitenoise warns of a folder that is not there, and warnings are errors.
STATIC_ROOT.mkdir()
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
