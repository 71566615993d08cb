from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from catalog.models import Catalog, Membership, Role
from tests.catalog.admin.browser_form import BrowserForm


@pytest.fixture
def as_user() -> Callable[[Any], Client]:
    """A browser in which somebody is logged in."""

    def log_in(user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def boss(make_user: Any) -> Any:
    return make_user("boss", superuser=True)


@pytest.fixture
def browser(as_user: Any, boss: Any) -> Client:
    """A browser in which a superuser is logged in."""
    return as_user(boss)


@pytest.fixture
def form_of(browser: Client) -> Callable[..., BrowserForm]:
    """Opens the page of a row as a superuser, or of a new one: `form_of(product)`."""

    def open_form(row: Any, *, client: Client | None = None) -> BrowserForm:
        name = row._meta.model_name
        app = row._meta.app_label
        if isinstance(row, type):
            return BrowserForm(client or browser, reverse(f"admin:{app}_{name}_add"))
        return BrowserForm(client or browser, reverse(f"admin:{app}_{name}_change", args=[row.pk]))

    return open_form


@pytest.fixture
def staff(make_user: Any, as_user: Any) -> Callable[..., Client]:
    """A browser of a staff member with every permission of Django's and a role in a catalogue."""

    def make(catalog: Catalog | None, role: str) -> Client:
        user: User = make_user(f"staff-{role}", is_staff=True)
        user.user_permissions.set(Permission.objects.all())
        if catalog is not None:
            Membership.objects.create(user=user, catalog=catalog, role=Role(role))
        return as_user(user)

    return make
