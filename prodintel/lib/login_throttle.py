"""How many wrong passwords there may be, from one person and from one address."""

from __future__ import annotations

from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.db.models import Sum
from django.http import HttpRequest

# An office behind one address makes as many mistakes as so many people.
PEOPLE_AN_ADDRESS = 10


class LoginThrottle(AxesDatabaseHandler):
    """django-axes with a second count, of an address whatever names it tries.

    Its own parameters have one limit for all, and logging in resets them all: whoever tries the
    same password on every account would only have to log in to their own now and then.
    """

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """What is compared to AXES_FAILURE_LIMIT."""
        recent = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
            attempt_time__gte=get_cool_off_threshold(request),
        )
        of_address = recent.aggregate(n=Sum("failures_since_start"))["n"] or 0
        of_person: int = super().get_failures(request, credentials)
        return max(of_person, of_address // PEOPLE_AN_ADDRESS)
