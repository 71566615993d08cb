"""A run performed by one process, followed and stopped from another, by way of Redis."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection

from prodintel.lib.threads import in_thread
from tests.tools.runs.test_performing import until
from tools.models import RunEvent, ToolRun
from tools.runs import hub, running

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,
    pytest.mark.skipif(not settings.REDIS_URL, reason="needs TEST_REDIS_URL"),
    pytest.mark.usefixtures("sample"),
]
OTHER_PROCESS = """
import sys
import django
from django.conf import settings
django.setup()
name, base_url, run = sys.argv[1:]
settings.DATABASES["default"]["NAME"] = name
settings.GROQ_BASE_URL, settings.GROQ_API_KEY = base_url, "gsk_any"
from tests.tools.conftest import Sample
from tools.registry import tools
tools()["sample"] = Sample()
from tools.runs.loop import run_loop
run_loop().perform(int(run)).result()
run_loop().end()
"""


@pytest.fixture
def elsewhere(groq, make_run):
    """A run that another process performs, and that is in the middle of its text."""
    server = groq(answer_tokens=2000, tokens_per_second=50)
    run = make_run()
    name = connection.settings_dict["NAME"]
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, name, server.url, str(run.pk)],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.scaled_settings"},
    )
    assert until(lambda: RunEvent.objects.filter(kind="text").exists(), 60)
    yield run
    process.terminate()
    process.wait(20)


async def test_who_follows_a_run_is_told_by_the_process_that_performs_it(elsewhere):
    async with hub.watching(elsewhere.pk) as watch:
        await watch.wait(5)
        seen = (await in_thread(running.course_of, elsewhere.pk)).number
        # Told, and not only looked up: there is news long before anybody would look.
        for _ in range(5):
            async with asyncio.timeout(5):
                await watch.wait(60)
        assert (await in_thread(running.course_of, elsewhere.pk)).number > seen


def test_run_is_stopped_from_another_process_within_a_second(elsewhere):
    running.stop(elsewhere)
    asked = time.monotonic()
    assert until(lambda: ToolRun.objects.filter(pk=elsewhere.pk, state="stopped").exists(), 10)
    assert time.monotonic() - asked < 5
