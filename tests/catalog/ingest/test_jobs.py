"""Jobs and the removal of files: scheduled once, none held up by another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.ingest.jobs import PURGE, Jobber
from catalog.models import Job
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db


def test_there_is_one_purge_however_many_workers_schedule_it():
    Job.objects.create(kind=PURGE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind=PURGE)
    Job.objects.create(kind="import")
    Job.objects.create(kind="import")


def test_purge_is_done_again_by_the_row_it_has():
    long_ago = timezone.now() - timedelta(days=1)
    row = Job.objects.create(kind=PURGE, state=WorkState.DONE, finished_at=long_ago)
    assert Jobber(owner="test/1")._schedule() == 1
    assert Job.objects.get(state=WorkState.PENDING) == row
