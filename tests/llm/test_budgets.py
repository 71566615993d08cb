"""Budgets of a day hold, whoever calls at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from prodintel.llm import budgets, pacing, spend
from prodintel.llm.facts import facts_of
from prodintel.llm.models import Call, Outcome, Till
from prodintel.llm.types import Ability, Account, LanguageModelError

FACTS = facts_of("qwen/qwen3.8-27b", Ability.VISION)  # 0.80 and 4.00 USD a million
ACCOUNT = Account("describe", "catalog:1")


def reserve(prompt=600, completion=400, account=ACCOUNT, facts=FACTS) -> Call:
    return budgets.call_open(
        account=account, lane_account="a", facts=facts, prompt=prompt, completion=completion
    )


def close(call, tokens, outcome=Outcome.ANSWERED) -> None:
    cost = None
    if tokens is not None:
        cost = Decimal(tokens[0]) * Decimal("0.8e-6") + Decimal(tokens[1]) * Decimal("4e-6")
    budgets.call_close(call, outcome=outcome, tokens=tokens, cost_usd=cost, latency_ms=100)


@pytest.mark.django_db(transaction=True)
def test_calls_at_the_same_time_cannot_overrun(settings):
    settings.LLM_DAILY_TOKENS = 10_000

    def call(_: int) -> bool:
        try:
            reserve()
        except LanguageModelError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(call, range(24)))
    assert granted == 10
    assert Till.objects.get().tokens == 10_000


@pytest.mark.django_db
class TestBudget:
    def test_what_a_call_did_not_take_is_given_back(self, settings):
        settings.LLM_DAILY_TOKENS = 1500
        close(reserve(), (300, 100))
        close(reserve(), (300, 100))
        assert budgets.left().tokens == 700
        assert Till.objects.get().micro_usd == 2 * 640

    def test_call_left_open_goes_on_counting_as_what_it_might_take(self, settings):
        settings.LLM_DAILY_TOKENS = 1500
        reserve()
        with pytest.raises(LanguageModelError):
            reserve()
        assert spend.spent_today().tokens == 1000

    def test_call_of_which_nobody_knows_whether_it_is_paid_goes_on_counting(self):
        close(reserve(), None, Outcome.FAILED)
        assert spend.spent_today().tokens == 1000

    def test_call_is_closed_once(self):
        call = reserve()
        close(call, (300, 100))
        close(call, (0, 0))
        assert spend.spent_today().tokens == Till.objects.get().tokens == 400

    def test_money_is_a_budget_of_its_own(self, settings):
        settings.LLM_DAILY_USD = Decimal("0.003")  # a call reserves 0.00208
        reserve()
        with pytest.raises(LanguageModelError, match="money"):
            reserve()

    def test_model_without_a_price_counts_in_tokens_alone(self, settings):
        settings.LLM_DAILY_USD = Decimal("0.000001")
        reserve(facts=facts_of("somebody/unknown", Ability.VISION))
        assert spend.spent_today().cost_usd is None
        assert spend.spent_today().tokens == 1000

    def test_person_has_a_share_and_work_that_nobody_asked_for_has_the_site_s(
        self, settings, make_user
    ):
        settings.LLM_USER_DAILY_TOKENS = 1000
        ada, bob = make_user("ada"), make_user("bob")
        reserve(account=Account("describe", "catalog:1", ada.pk))
        with pytest.raises(LanguageModelError, match="Your budget"):
            reserve(account=Account("describe", "catalog:1", ada.pk))
        reserve(account=Account("describe", "catalog:1", bob.pk))
        reserve()
        assert Till.objects.get(who=budgets.SITE).tokens == 3000

    def test_nothing_is_reserved_when_one_of_both_budgets_is_used_up(self, settings, make_user):
        settings.LLM_USER_DAILY_TOKENS = 500
        with pytest.raises(LanguageModelError):
            reserve(account=Account("describe", "", make_user().pk))
        assert sum(Till.objects.values_list("tokens", flat=True)) == 0
        assert not Call.objects.exists()

    def test_no_limit_is_zero(self, settings):
        settings.LLM_DAILY_TOKENS = settings.LLM_DAILY_USD = 0
        reserve(10_000_000, 10_000_000)
        assert budgets.left() == budgets.Left(None, None)
        assert not budgets.exhausted(10**9)

    def test_day_begins_at_midnight_where_the_site_is(self, settings, monkeypatch):
        settings.TIME_ZONE = "America/New_York"
        settings.LLM_DAILY_TOKENS = 1000
        here = ZoneInfo("America/New_York")
        evening = datetime(2026, 11, 26, 23, 50, tzinfo=here)
        monkeypatch.setattr(timezone, "now", lambda: evening)
        reserve()
        with pytest.raises(LanguageModelError) as over:
            reserve()
        assert over.value.retry_after == 600
        assert over.value.outside
        monkeypatch.setattr(timezone, "now", lambda: evening + timedelta(minutes=11))
        reserve()


@pytest.mark.django_db
def test_acquire_waits_for_a_budget_that_is_used_up(groq, gateway, settings):
    groq()
    settings.LLM_DAILY_TOKENS = 1000
    reserve()
    assert gateway.acquire(Ability.VISION, tokens=100) == 60
    limits = pacing.limits(Ability.VISION)
    assert limits.state == "waiting"
    assert "begins anew" in limits.why


@pytest.mark.django_db
class TestSpend:
    def test_is_added_up_by_scope_person_purpose_and_day(self, make_user):
        ada = make_user("ada")
        close(reserve(account=Account("describe", "catalog:1", ada.pk)), (300, 100))
        close(reserve(account=Account("analysis", "catalog:2")), (100, 100))
        assert spend.spent_today().calls == 2
        assert spend.spent_today().tokens == 600
        assert spend.spent_today(scope="catalog:1").tokens == 400
        assert spend.spent_today(user_id=ada.pk).cost_usd == Decimal("0.000640")
        assert [(one.purpose, one.spent.tokens) for one in spend.spent_by_purpose()] == [
            ("describe", 400),
            ("analysis", 200),
        ]
        days = spend.spend_by_day("catalog:1", 7)
        assert len(days) == 7
        assert [spent.tokens for _, spent in days] == [0] * 6 + [400]

    def test_of_a_deleted_person_stays_counted(self, make_user):
        ada = make_user("ada")
        reserve(account=Account("describe", "catalog:1", ada.pk))
        ada.delete()
        assert spend.spent_today().tokens == 1000


@pytest.mark.django_db
class TestSpentOut:
    @pytest.fixture
    def people(self, settings, make_user):
        settings.LLM_USER_DAILY_TOKENS = 1500
        ada, bob = make_user("ada"), make_user("bob")
        reserve(account=Account("describe", "", ada.pk))
        with pytest.raises(LanguageModelError):
            reserve(account=Account("describe", "", ada.pk))
        reserve(account=Account("describe", "", bob.pk))
        return ada, bob

    def test_who_was_refused_is_spent_out_and_nobody_else(self, people):
        assert budgets.spent_out({"describe"}) == {people[0].pk}

    @pytest.mark.usefixtures("people")
    def test_calls_for_something_else_may_still_be_paid(self):
        assert not budgets.spent_out({"analysis"})

    def test_what_another_call_gives_back_or_a_larger_budget_pays_again(self, people, settings):
        close(Call.objects.get(user=people[0]), (100, 100))
        assert not budgets.spent_out({"describe"})
        reserve(account=Account("describe", "", people[0].pk))
        assert budgets.spent_out({"describe"})
        settings.LLM_USER_DAILY_TOKENS = 3000
        assert not budgets.spent_out({"describe"})

    def test_site_that_is_spent_out_is_nobody_s_own(self, settings, make_user):
        settings.LLM_DAILY_TOKENS = 500
        with pytest.raises(LanguageModelError):
            reserve(account=Account("describe", "", make_user().pk))
        assert not budgets.spent_out({"describe"})
