"""The test settings on PostgreSQL, and on Redis where there is one.

    TEST_DATABASE_URL=postgresql://... python -m pytest --ds=tests.scaled_settings

runs the tests that touch the database, those marked `postgresql` included.
"""

import os

import dj_database_url

from tests.settings import *  # noqa: F403
from tests.settings import CACHES, CHANNEL_LAYERS

DATABASES = {"default": dj_database_url.parse(os.environ["TEST_DATABASE_URL"])}
# As in the product: connections come from a pool, also those of a test's threads.
DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 16, "timeout": 20}}

if REDIS_URL := os.environ.get("TEST_REDIS_URL", ""):
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
    for _name in CACHES:
        CACHES[_name] = {
            "BACKEND": "tests.redis_cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": f"tests-{os.getpid()}-{_name}",
        }
