"""What the grid's acts on many cells take: looked at, done and undone by a job, as after a big paste.

    python -m tests.bench grid:5000

One process does what the worker does, on a catalogue that is approved; prints cells/s and seconds of
the CPU, of which a busy machine takes nothing away, for each kind of column.
"""

from __future__ import annotations

import resource
import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.bench import site
from tests.bench.search import fill_rows


def main(size: int) -> None:
    folder = site.set_up()
    try:
        catalog, _ = site.make_catalog()
        actor = _fill(catalog, size)
        for label, make in _acts(catalog).items():
            _act(label, make, catalog, actor)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"most memory of the process: {most:.0f} MB")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(catalog: Any, size: int) -> Any:
    """Approved products with a variant and a photo each; who may change them."""
    from django.contrib.auth.models import User

    from catalog.models import EmbeddingSpace, Product
    from catalog.services.statuses import products_moved
    from catalog.services.undoing import chunks

    actor = User.objects.get()
    space = EmbeddingSpace.objects.create(dimension=8, fingerprint="bench")
    fill_rows(catalog, space, np.random.default_rng(0), range(size))
    for some in chunks(list(Product.objects.values_list("pk", flat=True))):
        rows = list(Product.objects.filter(pk__in=some).select_related("catalog"))
        products_moved(rows, "approved", actor)
    return actor


def _acts(catalog: Any) -> dict[str, Callable[[], Any]]:
    """What is asked for, each a cell of every product."""
    from catalog.grid.operations import Act, CellText, Operation
    from catalog.models import Product

    ids = list(Product.objects.filter(catalog=catalog).order_by("pk").values_list("pk", flat=True))

    def paste(column: str, text: str) -> Operation:
        cells = (CellText(str(pk), column, text.format(n)) for n, pk in enumerate(ids))
        return Operation(Act.CELLS, cells=tuple(cells))

    def filled(column: str, text: str) -> Operation:
        return Operation(Act.SET, columns=(column,), text=text)

    return {
        "titles, each its own": lambda: paste("product.title", "Title {}"),
        "prices, each its own": lambda: paste("variant.price", "{}.25"),
        "an attribute, each its own": lambda: paste("attribute.care", "Wash at {}"),
        "an attribute, one for all": lambda: filled("attribute.material", "wood"),
    }


def _act(label: str, make: Callable[[], Any], catalog: Any, actor: Any) -> None:
    from catalog.grid.edits import grid_apply, grid_plan, grid_undo
    from catalog.models import Product

    ids = Product.objects.filter(catalog=catalog).values_list("pk", flat=True)
    print(label)
    planned = _timed(
        "looked at",
        lambda: grid_plan(
            catalog=catalog, operation=make(), actor=actor, label="Bench", product_ids=ids
        ),
    )
    edit = planned.edit
    edit.refresh_from_db()
    _timed("done", lambda: grid_apply(edit=edit, actor=actor), edit.counts["cells"])
    _timed("undone", lambda: grid_undo(edit=edit, actor=actor), edit.counts["cells"])


def _timed(what: str, begin: Callable[[], Any], cells: int = 0) -> Any:
    """Begin an act and do its job to the end; returns what it began with."""
    from catalog.models import Job
    from catalog.services.bulk import bulk_step
    from catalog.services.bulk_acts import ACTS

    began, cpu = time.perf_counter(), time.process_time()
    started, longest = begin(), 0.0
    if started.job is not None:
        (job,) = Job.objects.filter(pk=started.job.pk).claim(owner="bench", limit=1).rows
        more = True
        while more:
            step = time.perf_counter()
            more = bulk_step(act=ACTS[job.kind], job=job)
            longest = max(longest, time.perf_counter() - step)
        job.refresh_from_db()
        assert not cells or job.result["changed"] == cells, job.result
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    rate = (
        f", {cells / took:.0f} cells/s ({cells / cpu:.0f} per second of the CPU)" if cells else ""
    )
    print(
        f"  {what}: {took:.1f} s, CPU {cpu:.1f} s, longest step {longest:.2f} s{rate}", flush=True
    )
    return started


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
