"""System checks of language models. They ask no server: `manage.py check_models` does."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, register
from django.db import DatabaseError

from prodintel.llm import account_models, credentials


@register
def models_are_there(**_: Any) -> list[CheckMessage]:
    """The configured models are among those that the account had when it was last asked."""
    try:
        active = credentials.current()
        if active is None:
            return _without_key()
        found = account_models.configured_models(account_models.kept_listing(active.account))
    except DatabaseError:
        # Checks run before there is a database, too.
        return []
    return [
        checks.Warning(
            model.problem,
            hint=f"Set {model.setting} to a model of the account; manage.py check_models lists them.",
            id="prodintel.W010" if model.available is False else "prodintel.W011",
        )
        for model in found
        if model.problem
    ]


def _without_key() -> list[CheckMessage]:
    if credentials.stored() is None:
        return []
    return [checks.Warning(credentials.UNREADABLE, id="prodintel.W012")]
