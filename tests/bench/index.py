"""How fast the embedded vector index is, in process and through the engine's socket.

    python -m tests.bench.index [points] [dimension]

Prints points a second for writing and milliseconds (best, median, 95th percentile) for searching.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from catalog.index.embedded import EmbeddedIndex
from catalog.index.protocol import AnyOf, Field, FieldSchema, Filter, Point, Range
from prodintel.engine.client import EngineClient, LocalEngine
from prodintel.engine.errors import EngineUnavailable
from prodintel.engine.interface import EngineConfig
from prodintel.engine.wire import socket_path

FIELDS = (
    Field("catalog", FieldSchema.INTEGER),
    Field("status", FieldSchema.KEYWORD),
    Field("price", FieldSchema.FLOAT),
    Field("attr.color", FieldSchema.KEYWORD),
)
COLORS = ("red", "blue", "green", "black", "white")
SERVE = """
import sys
from pathlib import Path
from prodintel.engine.server import serve
from tests.bench.index import config_for
serve(config_for(Path(sys.argv[1])))
"""


def config_for(folder: Path) -> EngineConfig:
    """An engine whose model never loads: only the index is measured."""
    return EngineConfig(
        data_dir=folder,
        socket=socket_path(folder),
        model="local-dir:/nowhere",
        shard_folder=folder / "index",
    )


def points(count: int, dimension: int) -> list[Point]:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((count, dimension), dtype=np.float32)
    return [
        Point(
            n,
            vectors[n],
            {
                "catalog": 1,
                "product": n,
                "status": "draft" if n % 2 else "approved",
                "price": [n % 200 / 2],
                "attr": {"color": [COLORS[n % len(COLORS)]], "material": ["cotton"]},
            },
        )
        for n in range(count)
    ]


def milliseconds(call: Callable[[int], object], times: int = 100) -> str:
    taken = []
    for n in range(times):
        started = time.perf_counter()
        call(n)
        taken.append((time.perf_counter() - started) * 1000)
    best, median, late = np.percentile(taken, [0, 50, 95])
    return f"best {best:6.2f} ms  median {median:6.2f} ms  p95 {late:6.2f} ms"


def rate(count: int, call: Callable[[], object]) -> str:
    started, cpu = time.perf_counter(), time.process_time()
    call()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return f"{count / seconds:9,.0f} points/s  ({cpu:.2f} s of this process's CPU)"


def measure(index: EmbeddedIndex, stored: list[Point]) -> None:
    count = len(stored)
    index.ensure("bench", len(stored[0].vector), FIELDS)
    red = AnyOf("attr.color", ("red",))
    filters = {
        "search, first 20": None,
        "search, two filters": Filter((red, Range("price", gte=20, lte=60))),
        "search, one catalogue": Filter((AnyOf("catalog", (1,)),)),
    }
    print("  upsert                ", rate(count, lambda: index.upsert("bench", stored)))
    some = {point.id: point.payload for point in stored[:5000]}
    print("  set payloads          ", rate(len(some), lambda: index.set_payloads("bench", some)))
    for name, where in filters.items():
        for wanted, label in ((20, name), (1000, f"{name} -> 1000")):
            print(
                f"  {label:30}",
                milliseconds(
                    lambda n, where=where, wanted=wanted: index.search(
                        "bench", stored[n].vector, where=where, limit=wanted, fields=("product",)
                    )
                ),
            )
    print(f"  {'facets':30}", milliseconds(lambda _: index.facets("bench", "attr.color"), 50))
    print(
        f"  {'count with a filter':30}",
        milliseconds(lambda _: index.count("bench", Filter((red,))), 50),
    )
    ids = list(range(5000))
    print(
        "  retrieve with vectors ",
        rate(5000, lambda: index.retrieve("bench", ids, with_vectors=True)),
    )


def main() -> None:
    count, dimension = (
        int(value) for value in (sys.argv[1:] + ["20000", "512"][len(sys.argv) - 1 :])
    )
    stored = points(count, dimension)
    with tempfile.TemporaryDirectory() as folder:
        print(f"{count:,} points of {dimension} dimensions, in process")
        engine = LocalEngine(config_for(Path(folder)))
        measure(EmbeddedIndex(engine), stored)
        engine.close()
    with tempfile.TemporaryDirectory() as folder:
        config = config_for(Path(folder))
        process = subprocess.Popen([sys.executable, "-c", SERVE, folder], stderr=subprocess.DEVNULL)
        client = EngineClient.of(config, timeout=60)
        try:
            wait_for(client)
            print(f"{count:,} points of {dimension} dimensions, through the socket")
            measure(EmbeddedIndex(client), stored)
        finally:
            client.close()
            process.terminate()
            process.wait(60)


def wait_for(client: EngineClient) -> None:
    """Until the engine answers and has given up on its model."""
    while True:
        try:
            if client.info().state == "failed":
                return
        except EngineUnavailable:
            pass
        time.sleep(0.1)


if __name__ == "__main__":
    main()
