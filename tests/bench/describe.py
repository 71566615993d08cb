"""How well describing uses what it is given: python -m tests.bench describe[:PRODUCTS[:MINUTES]]

A vision model's server stands beside (`tests.groq_server`, in a process of its own, 0.4 s a call);
products with one to three photos each, embedded beforehand, are described by the worker process.

- Without limits: the wall time against the ideal, calls / concurrency x latency.
- With 30 requests a minute, told the way Groq tells it: calls over the limit (none should be), and
  the calls made in some minutes against those allowed.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from tests.bench import site
from tests.groq_server import GroqProcess

PRODUCTS = 500
MINUTES = 4
LATENCY = 0.4
REQUESTS_A_MINUTE = 30
REQUESTS_A_DAY = 14_400
CONCURRENCIES = (4, 8)
SIDE = 800
WARM = "warm-up"
STALLED_SECONDS = 120.0
PALETTE = ("crimson", "navy", "seagreen", "goldenrod", "black", "hotpink", "slategrey", "sienna")


@dataclass(frozen=True)
class Unlimited:
    concurrency: int
    seconds: float
    state: dict[str, Any]

    @property
    def ideal(self) -> float:
        return float(self.state["requests"] / self.concurrency * LATENCY)


def main(products: int, minutes: float) -> None:
    folder = site.set_up()
    try:
        catalog, _ = site.make_catalog()
        _pause(catalog)
        _make_products(catalog, products)
        _make_products(_warm_catalog(), 1)
        with site.process("engine"):
            site.wait_for_encoder()
            with site.process("worker"):
                _wait(_not_embedded, "embedded")
            print(f"{products} products, {os.cpu_count()} cores")
            _report_unlimited([_unlimited(catalog, count) for count in CONCURRENCIES])
            if minutes:
                _limited(catalog, minutes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unlimited(catalog: Any, concurrency: int) -> Unlimited:
    with GroqProcess(latency=LATENCY) as server, _worker(catalog, server, concurrency):
        started = time.perf_counter()
        _resume(catalog)
        _wait(_not_described, "described")
        seconds = time.perf_counter() - started
        return Unlimited(concurrency, seconds, server.state())


def _report_unlimited(runs: list[Unlimited]) -> None:
    print(f"\nwithout limits, {LATENCY} s a call")
    print("at once  calls  photos  wall s  ideal s  ratio  most at once  tokens")
    for run in runs:
        state = run.state
        print(
            f"{run.concurrency:7d}  {state['requests']:5d}  {state['images']:6d}  {run.seconds:6.1f}  "
            f"{run.ideal:7.1f}  {run.seconds / run.ideal:5.2f}  {state['most_concurrent']:12d}  "
            f"{state['tokens']}"
        )


def _limited(catalog: Any, minutes: float) -> None:
    limits = {"rpm": REQUESTS_A_MINUTE, "rpd": REQUESTS_A_DAY}
    with (
        GroqProcess(latency=LATENCY, **limits) as server,
        _worker(catalog, server, CONCURRENCIES[0]),
    ):
        _resume(catalog)
        _wait(lambda: not server.state()["times"], "asked about")
        time.sleep(minutes * 60)
        state = server.state()
    first = state["times"][0]
    used = sum(at < first + minutes * 60 for at in state["times"]) - state["over_limit"]
    allowed = REQUESTS_A_MINUTE * minutes
    gaps = np.diff(state["times"])
    print(f"\nwith {REQUESTS_A_MINUTE} requests a minute, {minutes:g} minutes from the first call")
    print("calls  allowed  used / allowed  over the limit  between calls, s: least, median, most")
    print(
        f"{used:5d}  {allowed:7g}  {used / allowed:14.3f}  {state['over_limit']:14d}  "
        f"{gaps.min():.2f}, {np.median(gaps):.2f}, {gaps.max():.2f}"
    )


@contextmanager
def _worker(catalog: Any, server: GroqProcess, concurrency: int) -> Iterator[None]:
    """A worker that has asked this server once, with every product waiting to be described."""
    from catalog.models import Product
    from catalog.services.describe_requests import vision_requested

    _pause(catalog)
    vision_requested(products=Product.objects.all(), actor=None, forced=True)
    # Not before: without a key nobody asks while products are made and embedded.
    os.environ |= {
        "GROQ_API_KEY": "bench",
        "GROQ_BASE_URL": server.url,
        "LLM_CONCURRENCY": str(concurrency),
    }
    with site.process("worker"):
        # Starting up, and the first call that teaches what the limits are, are no part of it.
        _wait(lambda: _not_described(product__catalog__slug=WARM), "described")
        server.clear()
        yield


def _warm_catalog() -> Any:
    from catalog.services.catalogs import catalog_create

    return catalog_create(name=WARM, actor=None)


def _pause(catalog: Any) -> None:
    from django.utils import timezone

    type(catalog).objects.filter(pk=catalog.pk).update(describing_paused_at=timezone.now())


def _resume(catalog: Any) -> None:
    from catalog.ingest import wake

    type(catalog).objects.filter(pk=catalog.pk).update(describing_paused_at=None)
    wake.on_commit(wake.VISION)


def _not_embedded() -> int:
    from catalog.models import DescribeTask, EmbedTask, IndexChange

    waiting = [model.objects.exclude(state="done") for model in (EmbedTask, DescribeTask)]
    return sum(rows.count() for rows in waiting) + IndexChange.objects.count()


def _not_described(**where: Any) -> int:
    from catalog.models import VisionTask

    failed = VisionTask.objects.filter(state="failed").first()
    if failed is not None:
        raise RuntimeError(f"Product {failed.product_id} failed: {failed.error}")
    return int(VisionTask.objects.filter(**where).exclude(state="done").count())


def _wait(left: Callable[[], int], what: str) -> None:
    before, moved = -1, time.monotonic()
    while (now := left()) > 0:
        if now != before:
            before, moved = now, time.monotonic()
        if time.monotonic() - moved > STALLED_SECONDS:
            raise TimeoutError(f"{now} are not {what}, and no more come.")
        time.sleep(0.1)


def _make_products(catalog: Any, count: int) -> None:
    from catalog.services.photos import photo_stage
    from catalog.services.products import product_create

    number = 0
    for product in range(count):
        staged = []
        for _ in range(1 + product % 3):
            number += 1
            staged.append(photo_stage(data=picture(number), name=f"piece-{number}.jpg"))
        product_create(catalog=catalog, actor=None, photos=staged, title=f"Piece {product}")


def picture(number: int) -> bytes:
    """A photo like no other: something of one colour before a lit backdrop, with a camera's noise."""
    dice = np.random.default_rng(number)
    coarse = SIDE // 4
    light = np.linspace(225, 250, coarse)[:, None, None] + dice.normal(0, 5, (coarse, coarse, 3))
    image = Image.fromarray(light.clip(0, 255).astype(np.uint8)).resize((SIDE, SIDE))
    left, top = (int(one) for one in dice.integers(80, 240, 2))
    right, bottom = (int(one) for one in dice.integers(500, 720, 2))
    drawing = ImageDraw.Draw(image)
    draw = (drawing.ellipse, drawing.rectangle)[number % 2]
    draw((left, top, right, bottom), fill=PALETTE[number % len(PALETTE)])
    drawing.line((left, bottom, right, top), fill="white", width=2 + number % 9)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


if __name__ == "__main__":
    numbers = [float(word) for word in sys.argv[1:]]
    main(int(numbers[0]) if numbers else PRODUCTS, numbers[1] if len(numbers) > 1 else MINUTES)
