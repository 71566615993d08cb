"""Prepares a data folder: database, vocabulary, static files, a person who may do everything.

    python -m tests.prepare_site USERNAME PASSWORD

Works on the folder that PRODINTEL_DATA_DIR names and prints an API token of the person.
"""

from __future__ import annotations

import sys

import django


def main(username: str, password: str) -> None:
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from catalog.services.catalogs import token_create

    call_command("migrate", verbosity=0)
    # A site with users gets no demo catalogue from the setup.
    user = User.objects.create_superuser(username, password=password)
    with sys.stderr as errors:
        call_command("setup", stdout=errors)
    print(token_create(user=user)[1])  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
