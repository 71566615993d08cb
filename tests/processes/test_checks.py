"""The system checks of the installation, and who runs them before a site answers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from prodintel import checks, first_run
from tests.processes.conftest import ROOT

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 -- as shutil's own

pytestmark = pytest.mark.django_db


@pytest.fixture
def production(settings, data_dir):
    """Production with nothing to find fault with."""
    settings.PRODUCTION = True
    settings.SECRET_KEY_IS_DEFAULT = False
    settings.SECRET_KEY = "9sLtHwk0aVnG2rXc5mZb8qJd1fYp4eUo7"
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["shop.example"]
    return settings


@pytest.fixture
def demo_user(data_dir, monkeypatch, make_user):
    """The demo user with the password of the first run."""
    login = first_run._new_login(data_dir)
    user = make_user(login.username)
    user.set_password(login.password)
    user.save()
    return user


def found() -> set[str]:
    return {problem.id for problem in run_checks() if problem.id.startswith("prodintel.")}


def test_good_installation_has_nothing_to_find_fault_with(production):
    assert found() == set()


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("prodintel.E001", "SECRET_KEY_IS_DEFAULT", True),
        ("prodintel.E002", "SECRET_KEY", "x" * 31),
        ("prodintel.E003", "DEBUG", True),
        ("prodintel.W004", "ALLOWED_HOSTS", ["localhost", "[::1]"]),
        ("prodintel.W005", "QDRANT_API_KEY", "key"),
        ("prodintel.W008", "ALLOWED_HOSTS", ["shop.example", "*"]),
    ],
)
def test_setting_that_is_amiss_is_found_by_its_own_check(production, code, name, value):
    setattr(production, name, value)
    assert found() == {code}


@pytest.mark.sqlite
def test_sqlite_that_is_too_old_is_found(production, monkeypatch):
    monkeypatch.setattr(checks.sqlite3, "sqlite_version_info", (3, 34, 1))
    assert found() == {"prodintel.E006"}


@pytest.mark.sqlite
def test_sqlite_without_the_text_search_is_found(production, monkeypatch):
    monkeypatch.setattr(checks, "TEXT_SEARCH", "fts0(word)")
    (problem,) = checks.parts_fit_together()
    assert problem.id == "prodintel.E006"
    assert "no such module: fts0" in problem.msg


@pytest.mark.sqlite
def test_text_search_that_is_looked_for_is_the_one_that_is_used(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT group_concat(sql) FROM sqlite_master WHERE sql LIKE '%fts5%'")
        (tables,) = cursor.fetchone()
    assert "tokenize='trigram'" in tables
    assert "tokenize='trigram'" in checks.TEXT_SEARCH


def test_full_disk_is_found(production, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(2**40, 2**40, 2**30))
    assert found() == {"prodintel.W007"}


def test_demo_user_with_the_first_password_is_found(production, demo_user):
    assert found() == {"prodintel.W009"}


def test_demo_user_with_a_password_of_its_own_is_fine(production, demo_user):
    demo_user.set_password("another one")
    demo_user.save()
    assert found() == set()


def test_every_check_has_a_test():
    codes = re.findall(r"prodintel\.[EW]\d{3}", Path(checks.__file__).read_text("utf-8"))
    tested = set(re.findall(r"prodintel\.[EW]\d{3}", Path(__file__).read_text("utf-8")))
    assert sorted(codes) == sorted(tested)


@pytest.mark.parametrize("change", [{"SECRET_KEY_IS_DEFAULT": True}, {"DEBUG": True}])
def test_server_without_the_system_checks_is_refused_what_is_unsafe(production, change):
    checks.refuse_unsafe_production()
    for name, value in change.items():
        setattr(production, name, value)
    with pytest.raises(ImproperlyConfigured, match="HINT: "):
        checks.refuse_unsafe_production()


def run(data_dir: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=own
        | {"DJANGO_SETTINGS_MODULE": "prodintel.settings", "PRODINTEL_DATA_DIR": str(data_dir)}
        | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ["manage.py", "serve"],
        ["manage.py", "web"],
        ["manage.py", "check"],
        ["-c", "import asyncio\nasync def load(): import prodintel.asgi\nasyncio.run(load())"],
    ],
    ids=["serve", "web", "check", "another ASGI server"],
)
def test_production_without_a_key_is_refused_however_it_is_started(tmp_path, words):
    done = run(tmp_path, *words, PRODINTEL_ENV="production")
    assert done.returncode == 1
    assert "(prodintel.E001) PRODINTEL_ENV is production and SECRET_KEY is not set." in done.stderr


def test_example_of_the_settings_is_refused_as_it_stands(tmp_path):
    example = (ROOT / ".env.example").read_text("utf-8")
    dotenv = tmp_path / ".env"
    dotenv.write_text(re.sub(r"^# (?=[A-Z_]+=)", "", example, flags=re.MULTILINE), "utf-8")
    # A server that looks at the settings alone: the checks ask the database, which is nowhere.
    done = run(tmp_path, "-c", "import prodintel.asgi", PRODINTEL_ENV_FILE=str(dotenv))
    assert done.returncode == 1
    assert "prodintel.E001" in done.stderr
