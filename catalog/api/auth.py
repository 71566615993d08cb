"""Bearer tokens, for the API and for the photos whose addresses it gives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from catalog import selectors
from catalog.models import ApiToken
from catalog.services.catalogs import token_digest

# Once a minute is exact enough for "last used", and spares a write a request.
USED_PRECISION = timedelta(minutes=1)


class TokenAuth(HttpBearer):
    """Sets `request.user` to the token's user."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = selectors.token_user(token)
        if user is None:
            return None
        now = timezone.now()
        used = ApiToken.objects.filter(digest=token_digest(token))
        unseen = used.exclude(last_used_at__gt=now - USED_PRECISION)
        # An update that finds nothing would still wait for whoever writes in SQLite.
        if unseen.exists():
            unseen.update(last_used_at=now)
        request.user = user  # type: ignore[assignment]
        return user
