"""A whole catalogue brought in over HTTP, and what the site does meanwhile.

    python -m tests.bench imports[:ROWS[:PHOTOS]][:csv|xlsx][:kill=PHASE,PHASE|:kill=none][:settle]

50,000 rows of one product each and 20,000 photos, in one archive that goes up in parts, unless told
otherwise; before it a tenth of both, so that memory is compared within one run. The site is a real
one under its supervisor. In the middle of each of the phases named, that of writing products unless
told, the worker is killed (SIGKILL). Meanwhile somebody searches the catalogue once a second, among
a thousand products that were there before. With `settle` it is waited until all photos are
searchable, and searched once more.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import site
from tests.bench.catalogue_files import Plan, write_archive
from tests.bench.search import fill_rows
from tests.bench.watching import Memory, Searches, Watch, pids_of

THERE_BEFORE = 1_000
IDLE_QUERIES = 60
PART_BYTES = 8 * 1024 * 1024
POLL_SECONDS = 1.0
STALLED_SECONDS = 300.0
QUARTERS = (0.25, 0.5, 0.75)


def main(plan: Plan) -> None:
    folder = site.set_up()
    os.environ["LOG_LEVEL"] = "error"
    try:
        small = _measure("tenth", plan.tenth)
        whole = _measure("whole", plan)
        print("\nmost memory, all against a tenth:")
        for phase, parts in whole.items():
            found = (
                f"{part} {most / small[phase][part]:.2f}"
                for part, most in parts.items()
                if small.get(phase, {}).get(part)
            )
            print(f"  {phase}: {', '.join(found)}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(name: str, plan: Plan) -> dict[str, dict[str, float]]:
    """Bring it to a catalogue of its own on a site started for it; the most memory by phase and part."""
    print(f"\n{plan.rows} rows as {plan.kind}, {plan.photos} photos", flush=True)
    with tempfile.TemporaryDirectory(prefix="prodintel-archive-") as scratch:
        archive = Path(scratch) / f"{name}.zip"
        write_archive(archive, plan, name)
        print(f"  archive: {archive.stat().st_size / 1e6:.0f} MB")
        catalog, token = _catalog(name)
        with site.process("serve") as supervisor:
            site.wait_for_web()
            encoder = site.wait_for_encoder()
            _fill(catalog, encoder)
            with Watch() as watch:
                memory = watch.start(Memory(supervisor.pid, watch))
                searches = watch.start(Searches(catalog.slug, token, watch))
                watch.phase = "idle"
                searches.wait_for("idle", IDLE_QUERIES)
                run = Run(site.Client(token), watch, supervisor.pid, plan)
                watch.phase = "upload"
                run.bring(catalog.slug, archive)
                run.follow()
                watch.phase = "after"
                _check(catalog, plan, run.answer)
                if plan.settle:
                    _settle(watch, searches)
        _report(run, memory, searches)
    return memory.most


def _catalog(name: str) -> tuple[Any, str]:
    from django.contrib.auth.models import User

    from catalog.services.catalogs import catalog_create, token_create

    owner, _ = User.objects.get_or_create(username="bench", is_superuser=True)
    return catalog_create(name=f"Bench {name}", actor=owner), token_create(user=owner)[1]


def _fill(catalog: Any, encoder: Any) -> None:
    """Products to search among, and wait until the worker has put them into the index."""
    import numpy as np

    from catalog.index import spaces, vector_index
    from catalog.models import EmbedTask, IndexChange, Placement
    from catalog.models.outbox import record_index_changes

    space = spaces.space_for(encoder)
    fill_rows(catalog, space, np.random.default_rng(0), range(THERE_BEFORE))
    points = Placement.objects.filter(product__catalog=catalog).values_list("pk", flat=True)
    record_index_changes(points, vector=True)
    spaces.refresh_background(space)
    # Also for what a run before has left.
    _wait_while(EmbedTask.objects.exclude(state__in=["done", "failed"]).count)
    _wait_while(IndexChange.objects.all().count)
    known = {one.name: one.points for one in vector_index().health().collections}
    assert known[space.collection] >= THERE_BEFORE, known


def _settle(watch: Watch, searches: Searches) -> None:
    from catalog.models import EmbedTask, IndexChange

    started = time.perf_counter()
    _wait_while(EmbedTask.objects.exclude(state__in=["done", "failed"]).count)
    _wait_while(IndexChange.objects.all().count)
    print(f"  all photos searchable {time.perf_counter() - started:.0f} s after the import")
    watch.phase = "idle after"
    searches.wait_for("idle after", IDLE_QUERIES)


def _wait_while(count: Any) -> None:
    """Wait until none are left. Raises TimeoutError when nothing moves any more."""
    left, moved = count(), time.monotonic()
    while left:
        if time.monotonic() - moved > STALLED_SECONDS:
            raise TimeoutError(f"{left} are left, and nothing moves")
        time.sleep(POLL_SECONDS)
        now = count()
        if now != left:
            left, moved = now, time.monotonic()


@dataclass
class Phase:
    """When a phase was seen first, when it ended, how much there was, and what was told at each quarter."""

    first: float
    last: float = 0.0
    total: int = 0
    told: dict[float, tuple[float, float | None]] = field(default_factory=dict)


class Run:
    """One import, followed as a client would."""

    def __init__(self, client: site.Client, watch: Watch, supervisor: int, plan: Plan) -> None:
        self._client, self._watch, self._supervisor = client, watch, supervisor
        self._kills = set(plan.kills)
        self.phases: dict[str, Phase] = {}
        self.answer: dict[str, Any] = {}
        self.seconds = 0.0
        self.went_on: dict[str, float] = {}

    def bring(self, slug: str, archive: Path) -> None:
        started = time.perf_counter()
        upload = self._client.upload_in_parts(slug, archive, PART_BYTES)
        took = time.perf_counter() - started
        print(f"  uploaded in {took:.1f} s ({archive.stat().st_size / took / 1e6:.0f} MB/s)")
        started = time.perf_counter()
        status, self.answer = self._client.form(
            f"/api/v1/catalogs/{slug}/imports", {"photos_upload": upload}
        )
        assert status == 202, self.answer
        print(
            f"  import asked for, answered after {time.perf_counter() - started:.1f} s", flush=True
        )

    def follow(self) -> None:
        """Until it ends. Raises TimeoutError when nothing moves any more."""
        started = moved = time.perf_counter()
        seen: tuple[Any, ...] = ()
        while self.answer["state"] in {"reading", "running"}:
            if time.perf_counter() - moved > STALLED_SECONDS:
                raise TimeoutError(f"the import stands still: {self.answer}")
            time.sleep(POLL_SECONDS)
            _, self.answer = self._client.get(f"/api/v1/imports/{self.answer['id']}")
            now = time.perf_counter()
            stands = (self.answer["phase"], self.answer["done"])
            if stands != seen:
                seen, moved = stands, now
            if self.answer["phase"]:
                self._note(self.answer, now)
        ended = time.perf_counter()
        self.seconds = ended - started
        # A phase ends when the next is seen.
        starts = [phase.first for phase in self.phases.values()]
        for phase, last in zip(self.phases.values(), [*starts[1:], ended], strict=True):
            phase.last = last

    def _note(self, answer: dict[str, Any], now: float) -> None:
        name, done, total = answer["phase"], answer["done"], answer["total"]
        phase = self.phases.setdefault(name, Phase(now))
        self._watch.phase = name
        phase.total = max(phase.total, total, done)
        for quarter in QUARTERS:
            if total and done >= quarter * total:
                phase.told.setdefault(quarter, (now, answer["seconds_left"]))
        if name in self._kills and total and done >= total / 2:
            self._kills.remove(name)
            self._kill(name, answer)

    def _kill(self, name: str, answer: dict[str, Any]) -> None:
        """Kill the worker, and wait until the import has come further."""
        killed = time.perf_counter()
        os.kill(pids_of(self._supervisor)["worker"], signal.SIGKILL)
        # What was under way as it died may be told still.
        time.sleep(POLL_SECONDS)
        _, last = self._client.get(f"/api/v1/imports/{answer['id']}")
        while True:
            time.sleep(POLL_SECONDS)
            _, now = self._client.get(f"/api/v1/imports/{answer['id']}")
            if (now["phase"], now["done"]) != (last["phase"], last["done"]):
                break
            if time.perf_counter() - killed > STALLED_SECONDS:
                raise TimeoutError(f"the import does not go on after a kill: {now}")
        self.went_on[name] = time.perf_counter() - killed
        print(
            f"  killed the worker at {last['done']} of {last['total']} ({name}): "
            f"it went on after {self.went_on[name]:.1f} s, at {now['done']} ({now['phase']})",
            flush=True,
        )


def _check(catalog: Any, plan: Plan, answer: dict[str, Any]) -> None:
    """That all of it is there, once."""
    from django.db.models import Count

    from catalog.models import CurrentAttribute, EmbedTask, LedgerEntry, Photo, Placement, Product

    products = Product.objects.alive().filter(catalog=catalog)
    titles = products.values("title").annotate(n=Count("pk")).filter(n__gt=1)
    entries = LedgerEntry.objects.filter(product__in=products, source="import")
    twice = entries.values("product", "field", "locale").annotate(n=Count("pk")).filter(n__gt=1)
    placed = Placement.objects.alive().filter(product__catalog=catalog)
    found = {
        "state": answer["state"],
        "created": answer["created"],
        "photos done": answer["photos"]["done"],
        "problems": answer["error_count"],
        "products": products.count() - THERE_BEFORE,
        "titles twice": titles.count(),
        "words twice": twice.count(),
        "placements": placed.count() - THERE_BEFORE,
        "photos": Photo.objects.filter(catalog=catalog).count() - THERE_BEFORE,
    }
    wanted = {
        "state": "done",
        "created": plan.rows,
        "photos done": plan.photos,
        "problems": 0,
        "products": plan.rows,
        "titles twice": 0,
        "words twice": 0,
        "placements": plan.photos,
        "photos": plan.photos,
    }
    wrong = {name: each for name, each in found.items() if each != wanted[name]}
    assert not wrong, (wrong, answer["error"], answer["errors"][:3], answer["warnings"][:3])
    current = CurrentAttribute.objects.filter(product__in=products).count()
    left = EmbedTask.objects.exclude(state="done").filter(photo__catalog=catalog).count()
    print(
        f"  all there, once: {plan.rows} products, {plan.photos} photos, {current} values; "
        f"{left} photos wait for their vectors"
    )


def _report(run: Run, memory: Memory, searches: Searches) -> None:
    print(f"  imported in {run.seconds:.0f} s")
    idle = searches.seconds["idle"]
    rows = defaultdict(list)
    for name, phase in run.phases.items():
        # Without what passed between the kill and the next step.
        took = phase.last - phase.first - run.went_on.get(name, 0.0)
        busy = memory.busy[name]
        each = ", ".join(f"{part} {seconds:.0f} s" for part, seconds in busy.items())
        rate = f"{phase.total / took:.0f}/s" if took else "-"
        print(f"  {name}: {phase.total} in {took:.1f} s, {rate}; processor time: {each}")
        for quarter, (at, told) in phase.told.items():
            really = phase.last - at
            said = f"{told:.0f} s" if told is not None else "nothing"
            rows[name].append(f"{quarter:.0%}: told {said}, took {really:.0f} s")
        if rows[name]:
            print(f"    {'; '.join(rows[name])}")
    print("  most memory:")
    for name, parts in memory.most.items():
        print(f"    {name}: " + ", ".join(f"{part} {most:.0f} MB" for part, most in parts.items()))
    print(f"  search, idle: {site.percentiles(idle)}")
    for name, seconds in searches.seconds.items():
        if name != "idle" and len(seconds) > 1:
            print(f"    {name}: {site.percentiles(seconds)} ({len(seconds)} searches)")
    during = [each for name in run.phases for each in searches.seconds[name]]
    if during:
        ratio = _p95(during) / _p95(idle)
        print(f"  search during the import: {site.percentiles(during)}; p95 {ratio:.2f} times idle")


def _p95(seconds: list[float]) -> float:
    import numpy as np

    return float(np.percentile(seconds, 95))


if __name__ == "__main__":
    main(Plan.of(sys.argv[1:]))
