"""What acts on many products take: until the call is answered, and until a worker has done it.

    python -m tests.bench bulk:20000

A web server and a worker, without an engine. While an act goes on, somebody else changes the title
of a product again and again: how long that takes is told as well.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from contextlib import ExitStack
from typing import Any

import numpy as np

from tests.bench import site
from tests.bench.search import fill_rows

POLL_SECONDS = 0.5


class Bench:
    """The site's client, and how long its acts take."""

    def __init__(self, slug: str, token: str) -> None:
        self.slug, self.token = slug, token
        self.client = site.Client(token)

    def act(self, label: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask for an act and wait for its job; returns the job, or what was answered at once."""
        ended, waits = threading.Event(), []
        other = threading.Thread(target=self._edit, args=(ended, waits))
        other.start()
        started = time.perf_counter()
        status, answer = self.client.send("POST", path, body)
        answered = time.perf_counter() - started
        assert status in {200, 202}, answer
        if status == 202:
            answer = self._job()
        while answer.get("state") in {"pending", "running"}:
            time.sleep(POLL_SECONDS)
            answer = self._job()
        took = time.perf_counter() - started
        ended.set()
        other.join()
        print(f"{label}: answered after {answered:.2f} s, done after {took:.1f} s")
        print(f"  {answer.get('message') or answer}")
        print(
            f"  another person's edit meanwhile: {site.percentiles(waits)}, most {max(waits):.2f} s"
        )
        return dict(answer)

    def _job(self) -> dict[str, Any]:
        """The act that was asked for last."""
        return dict(self.client.get(f"/api/v1/catalogs/{self.slug}/jobs")[1][0])

    def _edit(self, ended: threading.Event, waits: list[float]) -> None:
        client = site.Client(self.token)
        _, page = client.get(f"/api/v1/catalogs/{self.slug}/products?limit=1")
        path = f"/api/v1/products/{page['products'][0]['id']}"
        while not ended.wait(POLL_SECONDS) or not waits:
            started = time.perf_counter()
            client.send("PATCH", path, {"brand": f"Brand {len(waits)}"})
            waits.append(time.perf_counter() - started)


def main(size: int) -> None:
    folder = site.set_up()
    # The worker's other runners miss the engine; nobody answers where the language model should be.
    os.environ |= {
        "LOG_LEVEL": "error",
        "GROQ_API_KEY": "gsk_bench",
        "GROQ_BASE_URL": "http://127.0.0.1:9",
    }
    try:
        catalog, token = site.make_catalog()
        _fill(catalog, size)
        batch = _batch(catalog)
        with ExitStack() as stack:
            stack.enter_context(site.process("web"))
            site.wait_for_web()
            stack.enter_context(site.process("worker"))
            bench = Bench(catalog.slug, token)
            bench.client.get(f"/api/v1/catalogs/{catalog.slug}/products?limit=1")
            path = f"/api/v1/catalogs/{catalog.slug}/products/status"
            job = bench.act("approve", path, {"status": "approved", "filter": {}})
            bench.act("undo", f"/api/v1/jobs/{job['id']}/undo")
            bench.act("undo a batch", f"/api/v1/batches/{batch}/undo")
            bench.client.send("POST", f"/api/v1/catalogs/{catalog.slug}/activity/pause")
            bench.act("describe", f"/api/v1/catalogs/{catalog.slug}/describe", {})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(catalog: Any, size: int) -> None:
    from catalog.models import EmbeddingSpace, IndexChange

    space = EmbeddingSpace.objects.create(dimension=8, fingerprint="bench")
    random = np.random.default_rng(0)
    for start in range(0, size, 5000):
        fill_rows(catalog, space, random, range(start, min(start + 5000, size)))
    IndexChange.objects.all().delete()


def _batch(catalog: Any) -> int:
    """An act that gave each product a value."""
    from catalog.models import Batch, Product, Term
    from catalog.services.ledger import attributes_set
    from catalog.services.undoing import chunks

    batch = Batch.objects.create(catalog=catalog, label="All of one material")
    value = Term.objects.filter(attribute__key="material").first()
    assert value is not None
    ids = Product.objects.values_list("pk", flat=True)
    for some in chunks(list(ids)):
        products = Product.objects.filter(pk__in=some).select_related("catalog")
        attributes_set(
            products=products, field="material", value=value.key, actor=None, batch=batch
        )
    return int(batch.pk)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
