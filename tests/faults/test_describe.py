"""The worker killed while products are described: nothing lost, nothing doubled, little paid twice."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
from collections import Counter

import pytest

from tests.groq_server import GroqServer
from tests.live_site import LiveSite, photo, wait_until

pytestmark = pytest.mark.encoder

PRODUCTS = 24
CONCURRENCY = 4
TITLE = re.compile(r"Piece \d+ end")
KILL_AT = (5, 14)
"""So many answered calls, and the worker is killed."""


@pytest.fixture
def server():
    with GroqServer(latency=0.5) as running:
        yield running


def test_kill_of_the_worker_while_calls_are_under_way(site: LiveSite, server: GroqServer):
    site.serve(GROQ_API_KEY="gsk_any", GROQ_BASE_URL=server.url, LLM_CONCURRENCY=str(CONCURRENCY))
    site.wait_ready()
    slug = site.new_catalog("Shop")
    products = [
        site.upload(slug, photo(number), title=f"Piece {number} end").json()["id"]
        for number in range(PRODUCTS)
    ]
    for answered in KILL_AT:
        wait_until(lambda least=answered: len(server.requests) >= least, f"{answered} calls")
        lives = len(site.pids("worker"))
        os.kill(site.pids("worker")[-1], signal.SIGKILL)
        # Whatever happens to its describing, a product is found.
        assert site.search(slug, "Piece 3 end")["hits"][0]["product"]["id"] == products[3]
        wait_until(lambda lives=lives: len(site.pids("worker")) > lives, "the next worker")
    wait_until(lambda: not waiting(site), "every product to be described")

    tasks = site.sql("SELECT product_id, state, token FROM catalog_visiontask")
    assert sorted(tasks) == sorted((product, "done", None) for product in products)
    said = site.sql(
        "SELECT product_id, field, locale, photo_id, count(*) FROM catalog_ledgerentry "
        "WHERE source = 'vision-llm' GROUP BY 1, 2, 3, 4"
    )
    assert {product for product, *_ in said} == set(products)
    assert {count for *_, count in said} == {1}
    # Only what was under way when the worker died is asked for again.
    asked = Counter(TITLE.search(call.text).group() for call in server.requests)
    assert len(asked) == PRODUCTS
    assert sum(asked.values()) - PRODUCTS <= len(KILL_AT) * CONCURRENCY


def waiting(site: LiveSite) -> list[tuple[object, ...]]:
    try:
        return site.sql("SELECT 1 FROM catalog_visiontask WHERE state != 'done'")
    except sqlite3.OperationalError:
        return [("locked",)]
