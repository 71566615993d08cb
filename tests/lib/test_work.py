"""Work as rows: claimed once, renewed, completed, retried, given back, given up."""

from __future__ import annotations

import itertools
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Job
from prodintel.lib.work import MAX_ATTEMPTS, WorkState, retry_delay

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def make_jobs(db):
    def make(count=1, **fields):
        return [Job.objects.create(kind="test", **fields) for _ in range(count)]

    return make


def states() -> list[str]:
    return list(Job.objects.order_by("pk").values_list("state", flat=True))


def expire_leases() -> None:
    Job.objects.update(leased_until=timezone.now() - MINUTE)


def make_due() -> None:
    Job.objects.update(next_try_at=timezone.now() - MINUTE)


def test_claimed_rows_are_running_and_counted_as_tried(make_jobs):
    make_jobs(3)
    claim = Job.objects.claim(owner="me", limit=2)
    assert [row.attempts for row in claim.rows] == [1, 1]
    assert {row.owner for row in claim.rows} == {"me"}
    assert sorted(states()) == ["pending", "running", "running"]


def test_second_claim_gets_what_the_first_left(make_jobs):
    make_jobs(3)
    first = Job.objects.claim(owner="a", limit=2)
    second = Job.objects.claim(owner="b", limit=2)
    assert len(second.rows) == 1
    assert not set(first.ids) & set(second.ids)


def test_claim_of_nothing_is_false(make_jobs):
    assert not Job.objects.claim(owner="me", limit=5)


def test_more_urgent_rows_are_claimed_first(make_jobs):
    (late,) = make_jobs(priority=5)
    (soon,) = make_jobs(priority=-1)
    claim = Job.objects.claim(owner="me", limit=2)
    assert claim.ids == [soon.pk, late.pk]


def test_row_that_is_not_due_is_not_claimed(make_jobs):
    make_jobs(next_try_at=timezone.now() + MINUTE)
    assert not Job.objects.claim(owner="me", limit=1)


def test_claim_within_a_filter_takes_only_that(make_jobs):
    make_jobs()
    Job.objects.create(kind="other")
    claim = Job.objects.filter(kind="other").claim(owner="me", limit=5)
    assert [row.kind for row in claim.rows] == ["other"]


def test_row_whose_lease_ran_out_is_claimed_by_another(make_jobs):
    make_jobs()
    Job.objects.claim(owner="a", limit=1)
    expire_leases()
    again = Job.objects.claim(owner="b", limit=1)
    assert [row.attempts for row in again.rows] == [2]


def test_due_rows_are_claimed_before_those_left_behind(make_jobs):
    (left,) = make_jobs(priority=-5)
    Job.objects.claim(owner="a", limit=1)
    expire_leases()
    (due,) = make_jobs()
    assert Job.objects.claim(owner="b", limit=1).ids == [due.pk]
    assert Job.objects.claim(owner="b", limit=1).ids == [left.pk]


@pytest.mark.sqlite
def test_looking_for_work_in_vain_takes_no_write_lock(make_jobs):
    make_jobs(next_try_at=timezone.now() + MINUTE)
    with CaptureQueriesContext(connection) as queries:
        Job.objects.claim(owner="me", limit=5)
        Job.objects.give_up_exhausted()
    assert [query["sql"][:6] for query in queries] == ["SELECT"] * 3


def test_row_that_another_took_since_it_was_seen_is_left_to_it(make_jobs, monkeypatch):
    first, second = make_jobs(2)
    look = type(Job.objects.all())._candidates

    def then_another_claims(self, limit):
        monkeypatch.setattr(type(self), "_candidates", look)
        ids = look(self, limit)
        Job.objects.claim(owner="other", limit=1)
        return ids

    monkeypatch.setattr(type(Job.objects.all()), "_candidates", then_another_claims)
    assert Job.objects.claim(owner="me", limit=1).ids == [second.pk]
    assert Job.objects.get(pk=first.pk).owner == "other"


def test_row_that_was_tried_twice_for_nothing_is_claimed_alone(make_jobs):
    suspects, fresh = make_jobs(2, attempts=2), make_jobs(2)
    claims = [Job.objects.all().claim_with_care(owner="me", limit=5).ids for _ in range(3)]
    assert claims == [[job.pk for job in fresh], *([job.pk] for job in suspects)]


def test_renewed_lease_keeps_others_away(make_jobs):
    make_jobs()
    claim = Job.objects.claim(owner="a", limit=1)
    expire_leases()
    assert Job.objects.renew(claim.token) == 1
    assert not Job.objects.claim(owner="b", limit=1)


def test_completed_rows_are_done_and_hold_nothing(make_jobs):
    make_jobs()
    claim = Job.objects.claim(owner="me", limit=1)
    assert Job.objects.complete(claim.token, claim.ids) == 1
    job = Job.objects.get()
    assert (job.state, job.owner, job.token) == (WorkState.DONE, "", None)
    assert job.finished_at is not None


def test_result_after_a_lost_lease_is_dropped(make_jobs):
    make_jobs()
    late = Job.objects.claim(owner="a", limit=1)
    expire_leases()
    Job.objects.claim(owner="b", limit=1)
    assert Job.objects.complete(late.token, late.ids) == 0
    assert Job.objects.renew(late.token) == 0
    assert states() == ["running"]


def test_unknown_token_completes_nothing(make_jobs):
    make_jobs()
    claim = Job.objects.claim(owner="a", limit=1)
    assert Job.objects.complete(uuid.uuid4(), claim.ids) == 0


def test_failed_try_waits_with_its_error(make_jobs):
    make_jobs()
    claim = Job.objects.claim(owner="me", limit=1)
    Job.objects.fail(claim.token, claim.ids, error="the photo is missing")
    job = Job.objects.get()
    assert (job.state, job.error) == (WorkState.PENDING, "the photo is missing")
    assert job.next_try_at > timezone.now()
    assert not Job.objects.claim(owner="me", limit=1)


def test_waits_grow_with_the_tries():
    assert retry_delay(1) < retry_delay(3) < retry_delay(5)


def test_row_that_failed_all_its_tries_waits_for_a_person(make_jobs):
    make_jobs()
    for _ in range(MAX_ATTEMPTS):
        make_due()
        claim = Job.objects.claim(owner="me", limit=1)
        Job.objects.fail(claim.token, claim.ids, error="no")
    make_due()
    assert states() == ["failed"]
    assert not Job.objects.claim(owner="me", limit=1)


def test_permanent_failure_is_not_tried_again(make_jobs):
    make_jobs()
    claim = Job.objects.claim(owner="me", limit=1)
    Job.objects.fail(claim.token, claim.ids, error="never", permanent=True)
    assert states() == ["failed"]


def test_only_the_named_rows_of_a_claim_fail(make_jobs):
    make_jobs(2)
    claim = Job.objects.claim(owner="me", limit=2)
    Job.objects.fail(claim.token, claim.ids[:1], error="no", permanent=True)
    assert states() == ["failed", "running"]


def test_released_rows_wait_with_the_try_uncounted(make_jobs):
    make_jobs(2)
    claim = Job.objects.claim(owner="me", limit=2)
    assert Job.objects.release(claim.token, error="the engine is away") == 2
    job = Job.objects.first()
    assert (job.state, job.attempts, job.error) == (WorkState.PENDING, 0, "the engine is away")


def test_release_with_a_delay_is_not_due_at_once(make_jobs):
    make_jobs()
    claim = Job.objects.claim(owner="me", limit=1)
    Job.objects.release(claim.token, delay=MINUTE)
    assert not Job.objects.claim(owner="me", limit=1)


def test_dead_owner_s_rows_are_free_at_once_with_the_try_counted(make_jobs):
    make_jobs()
    Job.objects.claim(owner="slot-1/77", limit=1)
    assert Job.objects.free(owner_prefix="slot-1/") == 1
    assert [row.attempts for row in Job.objects.claim(owner="slot-1/78", limit=1).rows] == [2]


def test_other_owners_keep_their_rows_when_one_is_freed(make_jobs):
    make_jobs()
    Job.objects.claim(owner="slot-10/1", limit=1)
    assert Job.objects.free(owner_prefix="slot-1/") == 0


def test_row_that_was_left_behind_too_often_is_given_up(make_jobs):
    make_jobs()
    for _ in range(MAX_ATTEMPTS):
        Job.objects.claim(owner="me", limit=1)
        expire_leases()
    assert not Job.objects.claim(owner="me", limit=1)
    assert Job.objects.give_up_exhausted() == 1
    job = Job.objects.get()
    assert job.state == WorkState.FAILED
    assert "interrupted" in job.error


def test_row_on_its_last_try_is_not_given_up_while_its_lease_holds(make_jobs):
    make_jobs(attempts=MAX_ATTEMPTS - 1)
    Job.objects.claim(owner="me", limit=1)
    assert Job.objects.give_up_exhausted() == 0


def test_freeing_gives_up_what_kills_every_process(make_jobs):
    make_jobs(attempts=MAX_ATTEMPTS - 1)
    Job.objects.claim(owner="slot/1", limit=1)
    assert Job.objects.free(owner_prefix="slot/") == 0
    assert states() == ["failed"]


def test_retry_gives_failed_rows_all_their_tries_anew(make_jobs):
    make_jobs()
    claim = Job.objects.claim(owner="me", limit=1)
    Job.objects.fail(claim.token, claim.ids, error="no", permanent=True)
    assert Job.objects.all().retry() == 1
    job = Job.objects.get()
    assert (job.state, job.attempts, job.error) == (WorkState.PENDING, 0, "")


def test_redo_takes_running_rows_from_their_owner(make_jobs):
    make_jobs()
    claim = Job.objects.claim(owner="me", limit=1)
    Job.objects.all().redo()
    assert Job.objects.complete(claim.token, claim.ids) == 0
    assert states() == ["pending"]


@pytest.mark.django_db(transaction=True)
def test_claimers_in_threads_share_no_row(make_jobs):
    make_jobs(60)
    taken: list[list[int]] = []
    errors: list[BaseException] = []

    def work(number: int) -> None:
        mine: list[int] = []
        try:
            while claim := Job.objects.claim(owner=f"w{number}", limit=4):
                mine += claim.ids
                Job.objects.complete(claim.token, claim.ids)
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            errors.append(error)
        finally:
            taken.append(mine)
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(itertools.chain(*taken)) == sorted(Job.objects.values_list("pk", flat=True))
    assert set(states()) == {"done"}
