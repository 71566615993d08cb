"""Budgets of a day, in tokens and in money, for the site and for each person.

A call reserves what it may take at most before it goes out, in an UPDATE that takes place only where
that is left: calls at the same time cannot overrun a budget. Its answer gives back what was too much.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_UP, Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from prodintel.llm.facts import cost
from prodintel.llm.models import Call, Outcome, Till
from prodintel.llm.types import Account, LanguageModelError, ModelFacts

SITE = "site"
PERSON = "user:"
MICRO = Decimal(1_000_000)


@dataclass(frozen=True)
class Budget:
    """What may be spent a day; 0 for no limit."""

    tokens: int
    usd: Decimal


@dataclass(frozen=True)
class Left:
    """What is left of today's budget; None where there is no limit."""

    tokens: int | None
    usd: Decimal | None


def budget_of(who: str) -> Budget:
    if who == SITE:
        return Budget(settings.LLM_DAILY_TOKENS, Decimal(settings.LLM_DAILY_USD))
    return Budget(settings.LLM_USER_DAILY_TOKENS, Decimal(settings.LLM_USER_DAILY_USD))


def begins_anew() -> datetime:
    """When the next day's budgets begin: midnight in TIME_ZONE."""
    tomorrow = timezone.localdate() + timedelta(days=1)
    return timezone.make_aware(datetime.combine(tomorrow, time.min))


def left(user_id: int | None = None) -> Left:
    """What is left today for the site, or for one person within it."""
    return _least(_payers(user_id))


def own_left(user_id: int) -> Left:
    """What is left today of a person's own budget, whatever is left of the site's."""
    return _least([f"{PERSON}{user_id}"])


def _least(whos: Collection[str]) -> Left:
    tills = {till.who: till for till in Till.objects.filter(day=timezone.localdate(), who__in=whos)}
    tokens, usd = [], []
    for who in whos:
        budget, till = budget_of(who), tills.get(who) or Till()
        if budget.tokens:
            tokens.append(max(budget.tokens - till.tokens, 0))
        if budget.usd:
            usd.append(max(budget.usd - till.micro_usd / MICRO, Decimal(0)))
    return Left(min(tokens, default=None), min(usd, default=None))


def exhausted(tokens: int = 1, user_id: int | None = None) -> str:
    """Why a call of so many tokens cannot be paid today, in words; empty if it can."""
    rest = left(user_id)
    if rest.tokens is not None and rest.tokens < tokens:
        return _words("tokens", user_id)
    if rest.usd is not None and rest.usd <= 0:
        return _words("money", user_id)
    return ""


def _words(what: str, user_id: int | None = None) -> str:
    whose = "The day's budget" if user_id is None else "Your budget of the day, or the site's,"
    again = timezone.localtime(begins_anew())
    return f"{whose} in {what} is used up. It begins anew on {again:%d %B at %H:%M}."


def spent_out(purposes: Collection[str]) -> frozenset[int]:
    """The ids of people whose budget of today does not do for such calls: one was refused, and would
    be again.
    """
    found = set()
    for till in Till.objects.filter(day=timezone.localdate()).exclude(who=SITE):
        refused = [till.refused[purpose] for purpose in purposes if purpose in till.refused]
        if any(not _fits(till, *needed) for needed in refused):
            found.add(int(till.who.removeprefix(PERSON)))
    return frozenset(found)


def _fits(till: Till, tokens: int, micro_usd: int) -> bool:
    budget = budget_of(till.who)
    enough_tokens = not budget.tokens or till.tokens + tokens <= budget.tokens
    return enough_tokens and not (
        budget.usd and micro_usd and till.micro_usd + micro_usd > _micro(budget.usd)
    )


def call_open(
    *, account: Account, lane_account: str, facts: ModelFacts, prompt: int, completion: int
) -> Call:
    """Reserve what a call may take and write it down. Raises LanguageModelError (over_budget)."""
    day = timezone.localdate()
    tokens = prompt + completion
    usd = cost(facts, prompt=prompt, completion=completion)
    try:
        with transaction.atomic():
            for who in _payers(account.user_id):
                _reserve(day, who, tokens, _micro(usd), account.user_id if who != SITE else None)
            return Call.objects.create(
                purpose=account.purpose,
                scope=account.scope,
                ref=account.ref,
                user_id=account.user_id,
                account=lane_account,
                model=facts.id,
                day=day,
                tokens=tokens,
                cost_usd=usd,
            )
    except LanguageModelError:
        if account.user_id is not None:
            _note_refusal(day, account, tokens, _micro(usd))
        raise


def _note_refusal(day: date, account: Account, tokens: int, micro_usd: int) -> None:
    """Keep what a person's call would have needed; whose budget was short is read off the tills."""
    till, _ = Till.objects.get_or_create(day=day, who=f"{PERSON}{account.user_id}")
    needed = till.refused | {account.purpose: [tokens, micro_usd]}
    if needed != till.refused:
        Till.objects.filter(pk=till.pk).update(refused=needed)


def _payers(user_id: int | None) -> list[str]:
    return [SITE] if user_id is None else [SITE, f"{PERSON}{user_id}"]


def _reserve(day: date, who: str, tokens: int, micro_usd: int, user_id: int | None) -> None:
    budget = budget_of(who)
    Till.objects.get_or_create(day=day, who=who)
    row = Till.objects.filter(day=day, who=who)
    affordable = row
    if budget.tokens:
        affordable = affordable.filter(tokens__lte=budget.tokens - tokens)
    if budget.usd and micro_usd:
        affordable = affordable.filter(micro_usd__lte=_micro(budget.usd) - micro_usd)
    if affordable.update(tokens=F("tokens") + tokens, micro_usd=F("micro_usd") + micro_usd):
        return
    enough_tokens = not budget.tokens or row.filter(tokens__lte=budget.tokens - tokens).exists()
    wait = (begins_anew() - timezone.now()).total_seconds()
    raise LanguageModelError(
        _words("money" if enough_tokens else "tokens", user_id),
        code="over_budget",
        outside=True,
        retry_after=max(wait, 1.0),
    )


def _micro(usd: Decimal | None) -> int:
    return int(((usd or Decimal(0)) * MICRO).to_integral_value(ROUND_UP))


@transaction.atomic
def call_close(
    call: Call,
    *,
    outcome: Outcome,
    tokens: tuple[int, int] | None,
    cost_usd: Decimal | None,
    latency_ms: int,
    first_token_ms: int | None = None,
    code: str = "",
    error: str = "",
) -> None:
    """Write down how a call ended and give back what it did not take.

    `tokens` are those of prompt and completion; None where nobody knows whether the call was paid
    for: then it goes on counting as what it might have taken.
    """
    values: dict[str, object] = {
        "outcome": outcome,
        "latency_ms": latency_ms,
        "first_token_ms": first_token_ms,
        "code": code,
        "error": error[:300],
    }
    if tokens is not None:
        values |= {
            "prompt_tokens": tokens[0],
            "completion_tokens": tokens[1],
            "tokens": sum(tokens),
            "cost_usd": cost_usd,
        }
    closed = Call.objects.filter(pk=call.pk, outcome=Outcome.OPEN).update(**values)
    if not closed or tokens is None:
        return
    more = sum(tokens) - call.tokens
    more_usd = _micro(cost_usd) - _micro(call.cost_usd)
    # One after the other, in the order in which they were reserved: two calls of one person would
    # wait for each other otherwise.
    for who in _payers(call.user_id):
        Till.objects.filter(day=call.day, who=who).update(
            tokens=F("tokens") + more, micro_usd=F("micro_usd") + more_usd
        )
