"""System checks of the installation. Ids are stable: operators may silence or alert on them."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from prodintel.first_run import USERNAME, valid_login

MINIMUM_SQLITE = (3, 35)
TEXT_SEARCH = "fts5(word, tokenize='trigram')"
LOW_DISK_BYTES = 2 * 1024**3


@register(Tags.security)
def production_is_safe(**_: Any) -> list[CheckMessage]:
    """Nothing that is fine on a laptop and not in the open."""
    problems: list[CheckMessage] = []
    if not settings.PRODUCTION:
        return problems
    if settings.SECRET_KEY_IS_DEFAULT:
        problems.append(
            Error(
                "PRODINTEL_ENV is production and SECRET_KEY is not set.",
                hint="Set SECRET_KEY or SECRET_KEY_FILE to a long random value, "
                "the same on every machine.",
                id="prodintel.E001",
            )
        )
    elif len(settings.SECRET_KEY) < 32:  # noqa: PLR2004 -- 256 bits in the densest common writing
        problems.append(
            Error(
                "SECRET_KEY is shorter than 32 characters.",
                hint="Use a long random value.",
                id="prodintel.E002",
            )
        )
    if settings.DEBUG:
        problems.append(
            Error(
                "PRODINTEL_ENV is production and DEBUG is on.",
                hint="Unset DEBUG.",
                id="prodintel.E003",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        problems.append(
            checks.Warning(
                "ALLOWED_HOSTS is *, so the site answers, and links to, whatever name it is sent.",
                hint="Set ALLOWED_HOSTS to the names the site is reached by.",
                id="prodintel.W008",
            )
        )
    elif set(settings.ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}:
        problems.append(
            checks.Warning(
                "ALLOWED_HOSTS names only this machine.",
                hint="Set ALLOWED_HOSTS to the names the site is reached by.",
                id="prodintel.W004",
            )
        )
    return problems


@register(Tags.security)
def demo_login_is_changed(**_: Any) -> list[CheckMessage]:
    """A site that was tried out before it went into the open has a user whose password was shown."""
    try:
        if not settings.PRODUCTION or valid_login(settings.DATA_DIR) is None:
            return []
    except DatabaseError:
        # Checks run before there is a database, too: then there is no user either.
        return []
    return [
        checks.Warning(
            f"The user {USERNAME} still has the password that was made at the first run.",
            hint=f"Change it: python manage.py changepassword {USERNAME}",
            id="prodintel.W009",
        )
    ]


def refuse_unsafe_production() -> None:
    """Raises ImproperlyConfigured for what `production_is_safe` finds errors, for servers that are
    started without the system checks.
    """
    errors = [
        problem
        for problem in production_is_safe()
        if problem.is_serious() and not problem.is_silenced()
    ]
    if errors:
        raise ImproperlyConfigured("\n".join(map(str, errors)))


@register
def parts_fit_together(**_: Any) -> list[CheckMessage]:
    """Settings that are each right and do not work together."""
    problems: list[CheckMessage] = []
    if settings.QDRANT_API_KEY and not settings.QDRANT_URL:
        problems.append(
            checks.Warning(
                "QDRANT_API_KEY is set and QDRANT_URL is not, so the embedded index is used.",
                hint="Set QDRANT_URL to use a Qdrant server.",
                id="prodintel.W005",
            )
        )
    if connection.vendor == "sqlite" and (want := _sqlite_lacks()):
        problems.append(
            Error(
                f"SQLite {sqlite3.sqlite_version} {want}.",
                hint="Use a newer Python, or PostgreSQL through DATABASE_URL.",
                id="prodintel.E006",
            )
        )
    if shutil.disk_usage(settings.DATA_DIR).free < LOW_DISK_BYTES:
        problems.append(
            checks.Warning(
                f"Less than 2 GB is free where {settings.DATA_DIR} lies.",
                hint="Free some space or set PRODINTEL_DATA_DIR to a larger disk.",
                id="prodintel.W007",
            )
        )
    return problems


def _sqlite_lacks() -> str:
    if sqlite3.sqlite_version_info < MINIMUM_SQLITE:
        return "is too old; 3.35 or newer is needed"
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute(f"CREATE VIRTUAL TABLE probe USING {TEXT_SEARCH}")
        except sqlite3.OperationalError as error:
            return f"was built without the text search that the site uses ({error})"
    return ""
