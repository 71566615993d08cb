"""The product's settings, read by a process of its own as an operator sets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prodintel.settings import Settings

ROOT = Path(__file__).parents[2]
Read = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Read:
    """Runs code that has `settings`, with these variables and none of the developer's own."""

    def read(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PRODINTEL_ENV_FILE": os.devnull,
            "PRODINTEL_DATA_DIR": str(tmp_path / "data"),
            **variables,
        }
        return subprocess.run(
            [sys.executable, "-c", f"import json\nfrom prodintel import settings\n{code}"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return read


@pytest.fixture
def value(run: Read) -> Callable[..., Any]:
    """The value of an expression about the settings."""

    def read(expression: str, **variables: str) -> Any:
        done = run(f"print(json.dumps({expression}))", **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return read


def test_options_of_the_database_s_address_are_kept_beside_the_pool(value):
    address = "postgresql://shop:word@db:5432/shop?sslmode=require&application_name=site"
    options = value("settings.DATABASES['default']['OPTIONS']", DATABASE_URL=address)
    assert options["sslmode"] == "require"
    assert options["application_name"] == "site"
    assert options["pool"]["max_size"] == 16


def test_options_of_a_sqlite_address_win_over_the_defaults(value):
    options = value(
        "settings.DATABASES['default']['OPTIONS']", DATABASE_URL="sqlite:///x?timeout=5"
    )
    assert options["timeout"] == 5
    assert options["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("trusted", "address"), [("true", "203.0.113.5"), ("false", "10.0.0.2"), ("", "10.0.0.2")]
)
def test_logins_are_throttled_by_the_address_of_the_person(run, trusted, address):
    done = run(
        "import django; django.setup()\n"
        "from axes.helpers import get_client_ip_address\n"
        "from django.test import RequestFactory\n"
        "request = RequestFactory().get('/', REMOTE_ADDR='10.0.0.2',"
        " headers={'x-forwarded-for': '203.0.113.5'})\n"
        "print(get_client_ip_address(request))",
        DJANGO_SETTINGS_MODULE="prodintel.settings",
        TRUST_PROXY=trusted,
    )
    assert done.stdout.strip() == address, done.stderr


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("TIME_ZONE", "Mars", "Europe/Berlin"),
        ("TIME_ZONE", "/etc/passwd", "Europe/Berlin"),
        ("TIME_ZONE", "Europe", "Europe/Berlin"),
        ("PRODINTEL_DATA_DIR", "/dev/null/data", "a folder"),
        ("PRODINTEL_DATA_DIR", "/proc/data", "a folder"),
    ],
)
def test_setting_that_cannot_be_used_is_named_with_what_fits(run, name, wrong, words):
    done = run("", **{name: wrong})
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1].strip()
    assert last.startswith(f"{name}: ")
    assert wrong in last
    assert words in last


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("DATABASE_URL", "postgresql://shop:hunter/2@db:5432/shop", "percent-encode"),
        ("DATABASE_URL", "postgresql://shop:hunter2@db:many/shop", "percent-encode"),
        ("DATABASE_URL", "postgresql://shop:hunter2@db:5432", "postgresql://"),
        ("DATABASE_URL", "mysql://shop:hunter2@db/shop", "postgresql://"),
        ("REDIS_URL", "redis://:hunter2@cache:notaport/0", "redis://HOST:PORT/DATABASE"),
        ("REDIS_URL", "redis://:hunter2@/0", "redis://HOST:PORT/DATABASE"),
        ("REDIS_URL", "cache:6379", "redis://HOST:PORT/DATABASE"),
        ("QDRANT_URL", "http://", "http://HOST:PORT"),
        ("QDRANT_URL", "http://qdrant:notaport", "http://HOST:PORT"),
        ("S3_ENDPOINT_URL", "https://[::1", "http://HOST:PORT"),
    ],
)
def test_address_that_cannot_be_used_is_named_without_its_password(run, name, wrong, words):
    done = run("", **{name: wrong})
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1].strip()
    assert last.startswith(f"{name}: ")
    assert words in last
    assert "hunter" not in done.stderr


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", "postgresql://shop:a%2Fb%40c@db:5432/shop"),
        ("DATABASE_URL", "postgres://%2Fvar%2Frun%2Fpostgresql/shop"),
        ("DATABASE_URL", "sqlite:///relative.sqlite3"),
        ("REDIS_URL", "rediss://:word@[::1]:6379/0"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("QDRANT_URL", "https://qdrant.example"),
    ],
)
def test_address_that_fits_is_taken(run, name, address):
    done = run("", **{name: address})
    assert done.returncode == 0, done.stderr


def test_database_lies_in_a_data_folder_of_any_name(value, tmp_path):
    folder = tmp_path / "50% #1?"
    name = value("settings.DATABASES['default']['NAME']", PRODINTEL_DATA_DIR=str(folder))
    assert name == str(folder / "prodintel.sqlite3")


def test_former_keys_are_told_to_django_and_to_nobody_else(run):
    done = run(
        "print(settings.SECRET_KEY_FALLBACKS, repr(settings.ENV.secret_key_fallbacks))",
        SECRET_KEY_FALLBACKS="one,two",
    )
    assert done.stdout.startswith("['one', 'two'] ")
    assert done.stdout.count("one") == 1


def test_data_folder_is_made_and_a_home_is_understood(run, tmp_path):
    done = run("print(settings.DATA_DIR)", HOME=str(tmp_path), PRODINTEL_DATA_DIR="~/state")
    assert done.stdout.strip() == str(tmp_path / "state")
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_rankings_have_a_small_cache_of_their_own(value):
    caches = value("settings.CACHES", REDIS_URL="")
    assert caches["rankings"]["OPTIONS"]["MAX_ENTRIES"] <= 200
    assert caches["rankings"]["LOCATION"] != caches["default"]["LOCATION"]


def test_redis_keeps_the_two_caches_apart_and_is_not_waited_for(value):
    caches = value("settings.CACHES", REDIS_URL="redis://cache:6379/0")
    assert len({cache["KEY_PREFIX"] for cache in caches.values()}) == 2
    assert all(cache["OPTIONS"]["socket_timeout"] <= 2 for cache in caches.values())


def test_https_is_promised_for_this_host_alone_in_production(value):
    expression = (
        "[settings.SECURE_HSTS_SECONDS, getattr(settings, 'SECURE_HSTS_INCLUDE_SUBDOMAINS', False),"
        " getattr(settings, 'SECURE_HSTS_PRELOAD', False)]"
    )
    assert value(expression, PRODINTEL_ENV="production") == [31_536_000, False, False]
    assert value(expression) == [0, False, False]


def test_pictures_may_come_from_the_bucket_where_there_is_one(value):
    expression = "settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['img-src'][3:]"
    assert value(expression) == []
    assert value(expression, S3_BUCKET="photos") == ["https://photos.s3.amazonaws.com"]
    assert value(expression, S3_BUCKET="photos", S3_ENDPOINT_URL="https://s3.example/") == [
        "https://s3.example"
    ]


def test_nothing_of_the_developer_s_configuration_reaches_the_tests():
    everything = {name.upper(): "1" for name in Settings.model_fields}
    files = {f"{name}_FILE": "/nowhere" for name in everything}
    done = subprocess.run(
        [sys.executable, "-c", "from tests import settings; print(*settings.ENV.model_fields_set)"],
        cwd=ROOT,
        env={**os.environ, **everything, **files, "time_zone": "Mars"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert sorted(done.stdout.split()) == ["prodintel_data_dir", "secret_key"], done.stderr
