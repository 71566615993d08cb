"""What a new site is given: a user to log in as, and a catalogue to look at."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.core.management import call_command

USERNAME = "demo"
LOGIN_FILE = "demo-login"
LOADED_FILE = "demo-loaded"
# Letters that cannot be taken for one another: people copy this from a terminal.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
NO_USER = "There is no user yet. Make one with: python manage.py createsuperuser"


@dataclass(frozen=True)
class Login:
    username: str
    password: str


def stored_login(data_dir: Path) -> Login | None:
    """The demo user's login as it was made, whether or not it still holds."""
    try:
        username, password = (data_dir / LOGIN_FILE).read_text(encoding="ascii").split()
    except (FileNotFoundError, ValueError):
        return None
    return Login(username, password)


def valid_login(data_dir: Path) -> Login | None:
    """The demo user's login, unless its password was changed or the user is gone."""
    login = stored_login(data_dir)
    if login is None:
        return None
    user = get_user_model().objects.filter(username=login.username, is_active=True).first()
    return login if user and check_password(login.password, user.password) else None


def ensure_demo(say: Callable[[str], None]) -> None:
    """Make the demo user and catalogue on a site without users, once.

    A first run that was interrupted is taken up where it was left; a catalogue that was deleted
    later does not come back. In production there is no demo.
    """
    users = get_user_model().objects
    data_dir: Path = settings.DATA_DIR
    loaded = data_dir / LOADED_FILE
    if settings.PRODUCTION:
        if not users.exists():
            say(NO_USER)
        return
    if not users.exists():
        loaded.unlink(missing_ok=True)
        made = stored_login(data_dir) or _new_login(data_dir)
        users.create_superuser(made.username, password=made.password)
    login = stored_login(data_dir)
    if login is None or loaded.exists():
        return
    if users.filter(username=login.username).exists():
        say("Loading the demo catalogue.")
        call_command("load_demo", login.username)
    loaded.touch(mode=0o600)


def _new_login(data_dir: Path) -> Login:
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3))
    path = data_dir / LOGIN_FILE
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{USERNAME}\n{password}\n")
    draft.replace(path)
    return Login(USERNAME, password)
