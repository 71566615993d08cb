"""Whether the account has the models that the settings name, by the provider's own list.

The list is kept in the database for all processes, and asked for again at most every five minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone

from prodintel.llm import adapter, credentials, facts
from prodintel.llm.credentials import Active
from prodintel.llm.models import AccountModels
from prodintel.llm.types import Ability, LanguageModelError, ModelFacts

FRESH = timedelta(minutes=5)
PAGE_SECONDS = 2.0
LONG_SECONDS = 15.0


@dataclass(frozen=True)
class Listing:
    """The account's models as last seen. `ids` is None while nobody has seen the list."""

    ids: frozenset[str] | None = None
    fetched_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True)
class ConfiguredModel:
    """A model that the settings name. `available` is None while the account's list is not known.

    `can` says in words what it does, `problem` what is wrong with it for its use, if anything.
    """

    ability: Ability
    setting: str
    facts: ModelFacts
    available: bool | None
    can: list[str]
    problem: str


def kept_listing(account: str) -> Listing:
    """The account's list as it was last seen, without asking anybody."""
    row = AccountModels.objects.filter(account=account).first()
    if row is None:
        return Listing()
    ids = frozenset(row.model_ids) if row.fetched_at else None
    return Listing(ids, row.fetched_at, row.error)


def listing(active: Active, *, seconds: float = PAGE_SECONDS) -> Listing:
    """The account's list, asked for anew where the kept one is older than five minutes.

    Waits `seconds` at most; who comes while another one asks gets what is kept.
    """
    return (
        fetch(active, seconds=seconds) if _may_ask(active.account) else kept_listing(active.account)
    )


def fetch(active: Active, *, seconds: float = LONG_SECONDS) -> Listing:
    """Ask the provider now. What goes wrong is kept in `error` beside the list as last seen."""
    now = timezone.now()
    values: dict[str, object] = {"asked_at": now, "error": ""}
    try:
        values |= {"model_ids": adapter.model_ids(active, seconds=seconds), "fetched_at": now}
    except LanguageModelError as error:
        values["error"] = str(error)[:300].replace("\x00", "")
    AccountModels.objects.update_or_create(account=active.account, defaults=values)
    return kept_listing(active.account)


def _may_ask(account: str) -> bool:
    """Whether it is this caller's turn to ask: of many at the same time only one's."""
    now = timezone.now()
    stale = AccountModels.objects.filter(account=account, asked_at__lt=now - FRESH)
    if stale.update(asked_at=now):
        return True
    if AccountModels.objects.filter(account=account).exists():
        return False
    try:
        _, created = AccountModels.objects.get_or_create(
            account=account, defaults={"asked_at": now}
        )
    except IntegrityError:
        return False
    return created


def configured_models(listed: Listing) -> list[ConfiguredModel]:
    """The models that the settings name, held against the account's list."""
    found = []
    for ability in facts.abilities():
        setting = facts.SETTINGS[ability]
        known = facts.facts_of(facts.model_for(ability), ability)
        available = None if listed.ids is None else known.id in listed.ids
        problem = _problem(ability, setting, known, available=available)
        found.append(ConfiguredModel(ability, setting, known, available, _can(known), problem))
    return found


def overview(*, seconds: float = PAGE_SECONDS) -> tuple[list[ConfiguredModel], Listing]:
    """What each configured model can do and whether the account has it, for pages.

    Asks the provider for two seconds at most, and only every five minutes.
    """
    active = credentials.current()
    listed = listing(active, seconds=seconds) if active else Listing()
    return configured_models(listed), listed


def _problem(ability: Ability, setting: str, known: ModelFacts, *, available: bool | None) -> str:
    if available is False:
        return f"The account does not have the model that {setting} names, {known.id}."
    if ability is Ability.VISION and not known.images_per_call:
        return f"{known.id} does not look at photos; name another model in {setting}."
    if ability is Ability.SEARCH and not known.web_search:
        return f"{known.id} is not known to search the web; name another model in {setting}."
    return ""


def _can(known: ModelFacts) -> list[str]:
    """What a model can do, in words."""
    if known.images_per_call:
        photos = "photo" if known.images_per_call == 1 else "photos"
        words = [f"{known.images_per_call} {photos} a call"]
    else:
        words = ["no photos"]
    if known.strict_schema:
        words.append("always answers in the form asked for")
    elif known.json_schema:
        words.append("tries to answer in the form asked for")
    else:
        words.append("JSON checked here")
    if known.reasoning and known.effort != "none":
        words.append("thinks before it answers")
    if known.web_search:
        words.append("searches the web")
    if known.context_tokens:
        words.append(f"{known.context_tokens:,} tokens of context")
    if not known.known:
        words.append("unknown to this version, so used with caution")
    return words
