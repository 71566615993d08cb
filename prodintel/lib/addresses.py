"""Whether the addresses of other servers, as an operator writes them, can be used.

The answers are yes or no: what a parser says of an address may repeat the password in it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import dj_database_url

DATABASES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


def names_host(address: str, *schemes: str) -> bool:
    """Whether the address is of one of the schemes, names a host, and a port that can be one."""
    try:
        parts = urlsplit(address)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_database(address: str) -> bool:
    """Whether the address can be taken apart and names a database of a kind the site runs on."""
    try:
        database = dj_database_url.parse(address)
    except ValueError:
        return False
    return database["ENGINE"] in DATABASES and bool(database["NAME"])
