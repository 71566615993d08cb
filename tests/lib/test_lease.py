"""Claims that are kept while somebody works on them."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Job
from prodintel.lib import lease
from prodintel.lib.lease import kept_alive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def quick_beats(monkeypatch):
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.01)


def wait_for_renewal(jobs: list[Job]) -> bool:
    pause = threading.Event()
    now = timezone.now()
    for _ in range(500):
        if not Job.objects.filter(pk__in=[job.pk for job in jobs], leased_until__lt=now).exists():
            return True
        pause.wait(0.01)
    return False


def test_every_open_claim_is_renewed(quick_beats):
    jobs = [Job.objects.create(kind="test") for _ in range(2)]
    tokens: set[uuid.UUID] = set()
    with kept_alive(Job.objects.all(), tokens):
        for _ in jobs:
            tokens.add(Job.objects.claim(owner="me", limit=1).token)
        Job.objects.update(leased_until=timezone.now() - timedelta(minutes=1))
        assert wait_for_renewal(jobs)


def test_claim_that_is_no_longer_open_is_not_renewed(quick_beats):
    done, held = (Job.objects.create(kind="test") for _ in range(2))
    tokens = {Job.objects.claim(owner="me", limit=1).token for _ in range(2)}
    done.refresh_from_db()
    tokens.discard(done.token)
    with kept_alive(Job.objects.all(), tokens):
        Job.objects.update(leased_until=timezone.now() - timedelta(minutes=1))
        assert wait_for_renewal([held])
    done.refresh_from_db()
    assert done.leased_until < timezone.now()
