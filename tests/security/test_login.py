"""The throttle of logins: by person and address, and by address alone."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from axes.models import AccessAttempt
from django.conf import settings

from prodintel.lib.login_throttle import PEOPLE_AN_ADDRESS
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

OFFICE, ELSEWHERE = "203.0.113.5", "203.0.113.6"
WRONG = "wrong"
LIMIT = settings.AXES_FAILURE_LIMIT


@pytest.fixture
def log_in(client, make_user):
    """Tries a password and gives the status: 302 for the right one, 200 for a wrong one."""
    make_user("ada")
    make_user("bob")

    def attempt(name: str, password: str = WRONG, address: str = OFFICE) -> int:
        form = {"username": name, "password": password}
        return client.post("/login/", form, REMOTE_ADDR=address).status_code

    return attempt


def test_person_with_too_many_wrong_passwords_is_locked_out(log_in):
    answers = [log_in("ada") for _ in range(LIMIT)]
    assert answers == [200] * (LIMIT - 1) + [HTTPStatus.TOO_MANY_REQUESTS]


def test_right_password_does_not_help_who_is_locked_out(log_in):
    for _ in range(LIMIT):
        log_in("ada")
    assert log_in("ada", PASSWORD) == HTTPStatus.TOO_MANY_REQUESTS


def test_others_at_the_address_and_the_person_elsewhere_are_not_locked_out(log_in):
    for _ in range(LIMIT):
        log_in("ada")
    assert log_in("bob", PASSWORD) == 302
    assert log_in("ada", PASSWORD, ELSEWHERE) == 302


def test_address_that_tries_many_names_is_locked_out(log_in):
    answers = [log_in(f"name{number}") for number in range(LIMIT * PEOPLE_AN_ADDRESS)]
    assert answers[-1] == HTTPStatus.TOO_MANY_REQUESTS
    assert log_in("bob", PASSWORD) == HTTPStatus.TOO_MANY_REQUESTS
    assert log_in("bob", PASSWORD, ELSEWHERE) == 302


def test_logging_in_does_not_reset_the_count_of_the_address(log_in):
    log_in("name")
    assert log_in("bob", PASSWORD) == 302
    assert AccessAttempt.objects.filter(ip_address=OFFICE).count() == 1


def test_old_failures_of_an_address_are_forgotten(log_in):
    for number in range(LIMIT * PEOPLE_AN_ADDRESS):
        log_in(f"name{number}")
    AccessAttempt.objects.update(attempt_time="2020-01-01T00:00Z")
    assert log_in("bob", PASSWORD) == 302


def test_admin_s_login_counts_too(client, make_user):
    make_user("root", superuser=True)
    for _ in range(LIMIT):
        response = client.post("/admin/login/", {"username": "root", "password": WRONG})
    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
