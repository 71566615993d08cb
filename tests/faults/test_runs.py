"""The site's processes killed while a tool writes: what was written stays, and is gone on with."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.groq_server import GroqServer
from tests.live_site import LiveSite, photo, wait_until
from tools.kinds.analysis.prompting import LOOK, REPORT

pytestmark = pytest.mark.encoder

SLOW = 30.0
"""Tokens a second."""


@pytest.fixture
def server():
    with GroqServer() as running:
        yield running


def calls(server: GroqServer, prompt: str) -> int:
    return sum(prompt in call.text for call in server.requests)


def read(site: LiveSite, run: int) -> dict[str, Any]:
    return site.api.get(f"runs/{run}").json()


def blocks(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["id"]: block for block in run["blocks"]}


def begun(site: LiveSite, number: int) -> int:
    slug = site.new_catalog(f"Shop {number}")
    product = site.upload(slug, photo(number), title=f"Piece {number} end").json()["id"]
    options = {"suggest": []}
    body = {"tool": "analysis", "options": options}
    answer = site.api.post(f"products/{product}/runs", json=body)
    assert answer.status_code == 202, answer.text
    return int(answer.json()["id"])


def in_the_middle(site: LiveSite, server: GroqServer, number: int) -> int:
    """A run of two parts, one finished and the other half written."""
    server.clear()
    run = begun(site, number)
    wait_until(lambda: calls(server, LOOK), "the photos to be looked at")
    server.tokens_per_second = SLOW

    def half_written() -> bool:
        found = blocks(read(site, run)).get("report")
        return found is not None and len(str(found["data"])) > 100

    wait_until(half_written, "the report to be half written")
    return run


def kill(site: LiveSite, victim: str, **settings: str) -> None:
    if victim == "web":
        lives = len(site.pids("web"))
        os.kill(site.pids("web")[-1], signal.SIGKILL)
        wait_until(lambda: len(site.pids("web")) > lives, "the next web server")
        wait_until(site.answers, "its answer")
    else:
        site.kill(site.supervisor)
        site.serve(**settings)


def test_runs_of_killed_processes_are_interrupted_and_gone_on_with(site, server):
    settings = {"GROQ_API_KEY": "gsk_any", "GROQ_BASE_URL": server.url}
    site.serve(**settings)
    site.wait_ready()
    # Once a model has answered, no call of it waits for the answer to one that was killed.
    first = begun(site, 9)
    wait_until(lambda: read(site, first)["state"] == "done", "the first run to end")
    # One start of the site serves both: it takes longer than all the rest.
    for number, victim in enumerate(("web", "supervisor")):
        run = in_the_middle(site, server, number)
        go_on_after_a_kill(site, server, run, lambda victim=victim: kill(site, victim, **settings))


def go_on_after_a_kill(
    site: LiveSite, server: GroqServer, run: int, kill: Callable[[], None]
) -> None:
    written = blocks(read(site, run))["report"]["data"]
    kill()
    wait_until(lambda: read(site, run)["state"] == "interrupted", "the run to be interrupted")

    found = read(site, run)
    assert found["error"]
    assert found["evidence"]
    kept = blocks(found)
    assert (kept["seen"]["state"], kept["report"]["state"]) == ("done", "failed")
    assert len(str(kept["report"]["data"])) >= len(str(written))

    asked = calls(server, LOOK), calls(server, REPORT)
    server.tokens_per_second = None
    assert site.api.post(f"runs/{run}/resume").status_code == 202
    wait_until(lambda: read(site, run)["state"] == "done", "the run to end")
    assert {block["state"] for block in read(site, run)["blocks"]} == {"done"}
    # What was finished is not asked for again.
    assert (calls(server, LOOK), calls(server, REPORT)) == (asked[0], asked[1] + 1)
    numbers = site.sql("SELECT number FROM tools_runevent WHERE run_id = ? ORDER BY 1", run)
    assert [number for (number,) in numbers] == list(range(1, read(site, run)["last_event"] + 1))
