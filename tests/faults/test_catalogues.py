"""Whole catalogues in and out while the worker dies, or the client goes away, in the middle.

The next worker goes on by itself, and the catalogue is as if nothing had happened; of who went away
nothing is left but a note.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.catalog.webhooks.receiver import Receiver
from tests.faults.photo_server import PhotoServer
from tests.live_site import PATIENCE, LiveSite, live_site, photo, wait_until

pytestmark = pytest.mark.sqlite

OWNER = "faults"
PACKED, FETCHED = 48, 16
"""Photos in the archive, and photos at addresses."""
LOST = "lost.jpg"


class Works:
    """A site whose worker is the test's own, to be killed and followed by the next."""

    def __init__(self, site: LiveSite, photos: PhotoServer, hooks: Receiver) -> None:
        self.site, self.photos, self.hooks = site, photos, hooks
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # What the one before held is taken back by its name, as when a supervisor starts it.
        allowed = f"{self.photos.host},{self.hooks.host}"
        self._worker = self.site.command(
            "worker", PRODINTEL_OWNER=OWNER, FETCH_ALLOWED_HOSTS=allowed
        )

    def end(self, number: signal.Signals) -> int:
        assert self._worker is not None
        self._worker.send_signal(number)
        return self._worker.wait(PATIENCE)

    def replace(self, number: signal.Signals) -> None:
        status = self.end(number)
        assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        self.start()

    def replace_in(self, number: signal.Signals, is_in_it: Callable[[], bool], what: str) -> None:
        """Have the next worker go on after this one was ended in the middle of something."""
        assert self._worker is not None
        until = time.monotonic() + PATIENCE
        while not is_in_it():
            assert time.monotonic() < until, f"waited in vain for {what}"
        self.site.suspend(self._worker.pid)
        assert is_in_it(), f"{what} was over too soon"
        os.kill(self._worker.pid, signal.SIGCONT if number != signal.SIGKILL else number)
        self.replace(number)

    # --- what it works on -------------------------------------------------------------------------

    def bring(self, slug: str, files: Mapping[str, bytes]) -> int:
        named = {
            name: (f"{name}.{'zip' if name == 'photos' else 'csv'}", data)
            for name, data in files.items()
        }
        answer = self.site.api.post(f"catalogs/{slug}/imports", files=named)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return int(answer.json()["id"])

    def read(self, source: int) -> dict[str, Any]:
        return self.site.api.get(f"imports/{source}").json()

    def ended(self, source: int, state: str) -> dict[str, Any]:
        wait_until(lambda: self.state(source)[0] == state, f"the import to be {state}")
        return self.read(source)

    def state(self, source: int) -> tuple[str, dict[str, Any]]:
        ((state, counts),) = self.site.sql(
            "SELECT state, counts FROM catalog_import WHERE id = ?", source
        )
        return state, json.loads(counts)

    def is_in(self, source: int, phase: str, *, upto: int = 0) -> Callable[[], bool]:
        """Whether some of a phase is done, and not all of it, or not yet `upto`."""

        def look() -> bool:
            pace = self.state(source)[1].get("pace") or {}
            if pace.get("phase") != phase:
                return False
            # How long a table is can only be guessed while it is read.
            most = upto or pace["total"]
            return 0 < pace["done"] < most

        return look


@pytest.fixture(scope="module")
def works(prepared: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Works]:
    fetched = {f"{n}.jpg": photo(PACKED + n) for n in range(FETCHED)}
    with (
        PhotoServer(fetched) as photos,
        Receiver() as hooks,
        live_site(prepared, tmp_path_factory.mktemp("site")) as site,
    ):
        # Nothing here asks for the encoder.
        site.serve("--parts", "web")
        works = Works(site, photos, hooks)
        works.start()
        yield works
        works.end(signal.SIGKILL)


def table(count: int, photos: Mapping[int, str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["Title", "SKU", "Price", "Photo"])
    writer.writerows(
        [f"Piece {n}", f"P-{n}", f"{n + 1}.50", photos.get(n, "")] for n in range(count)
    )
    # Without a title nothing new can be made of a row.
    writer.writerows(["", f"BAD-{n}", "1.00", ""] for n in range(3))
    return text.getvalue().encode()


def archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        for n in range(PACKED):
            packed.writestr(f"{n}.jpg", photo(n))
    return data.getvalue()


def whole(works: Works, count: int) -> dict[str, bytes]:
    """A table whose first products have photos of the archive, the next ones photos at addresses."""
    names = {n: f"{n}.jpg" for n in range(PACKED)}
    names |= {PACKED + n: works.photos.address(f"{n}.jpg") for n in range(FETCHED)}
    names[PACKED + FETCHED] = works.photos.address(LOST)
    return {"file": table(count, names), "photos": archive()}


def assert_is_as_undisturbed(works: Works, slug: str, source: int, count: int) -> None:
    found = works.ended(source, "done")
    assert (found["created"], found["updated"], found["refused"]) == (count, 0, 3)
    assert (found["rows"], found["error_count"]) == (count + 3, 3)
    report = works.site.api.get(f"imports/{source}/report").text
    assert [line.split(",")[1] for line in report.splitlines() if "BAD" in line] == [
        f"BAD-{n}" for n in range(3)
    ]
    photos = found["photos"]
    assert (photos["done"], photos["failed"], photos["total"]) == (
        PACKED + FETCHED,
        1,
        PACKED + FETCHED + 1,
    )
    sold = works.site.sql(
        "SELECT v.sku, v.price, p.title, p.status FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id "
        "JOIN catalog_catalog c ON c.id = p.catalog_id WHERE c.slug = ? AND p.deleted_at IS NULL",
        slug,
    )
    assert sorted((sku, float(price), title) for sku, price, title, _ in sold) == sorted(
        (f"P-{n}", n + 1.5, f"Piece {n}") for n in range(count)
    )
    shown = works.site.sql(
        "SELECT p.title, f.sha256 FROM catalog_placement l JOIN catalog_product p ON p.id = l.product_id "
        "JOIN catalog_photo f ON f.id = l.photo_id "
        "JOIN catalog_catalog c ON c.id = p.catalog_id WHERE c.slug = ?",
        slug,
    )
    assert sorted(title for title, _ in shown) == sorted(
        f"Piece {n}" for n in range(PACKED + FETCHED)
    )
    assert len({sha256 for _, sha256 in shown}) == PACKED + FETCHED
    words = works.site.sql(
        "SELECT count(*) FROM catalog_ledgerentry e JOIN catalog_product p ON p.id = e.product_id "
        "JOIN catalog_catalog c ON c.id = p.catalog_id WHERE c.slug = ? AND e.source = 'import'",
        slug,
    )
    assert words == [(2 * count,)]
    assert_files_are_somebodys(works.site)


def assert_files_are_somebodys(site: LiveSite) -> None:
    """Each stored photo is in the catalogue, or is known as left behind."""
    media = site.data / "media"
    stored = {
        str(each.relative_to(media)) for each in (media / "photos").rglob("*") if each.is_file()
    }
    known = site.sql("SELECT file FROM catalog_photo UNION SELECT name FROM catalog_fileremoval")
    assert stored <= {name for (name,) in known}


def test_killed_import_goes_on_in_each_phase_and_so_does_its_undoing(works: Works) -> None:
    count = 600
    slug = works.site.new_catalog("Killed")
    works.photos.hold()
    files = whole(works, count)
    source = works.bring(slug, files)
    for phase in ("reading", "planning", "products"):
        upto = count if phase == "reading" else 0
        works.replace_in(signal.SIGKILL, works.is_in(source, phase, upto=upto), phase)
    works.replace_in(
        signal.SIGKILL, works.is_in(source, "photos", upto=PACKED), "the archive's photos"
    )
    assert works.photos.held.acquire(timeout=PATIENCE)
    works.replace(signal.SIGKILL)
    works.photos.let_go()
    assert_is_as_undisturbed(works, slug, source, count)

    again = works.bring(slug, files)
    found = works.ended(again, "done")
    assert (found["created"], found["updated"], found["unchanged"]) == (0, 0, count)

    assert works.site.api.post(f"imports/{source}/undo").status_code == httpx.codes.ACCEPTED
    works.replace_in(signal.SIGKILL, works.is_in(source, "undoing"), "undoing")
    works.ended(source, "undone")
    assert works.site.api.get(f"catalogs/{slug}/products").json()["products"] == []


def test_stopped_worker_ends_by_itself_and_the_next_goes_on(works: Works) -> None:
    count = 300
    slug = works.site.new_catalog("Stopped")
    works.photos.hold()
    source = works.bring(slug, whole(works, count))
    works.replace_in(signal.SIGTERM, works.is_in(source, "products"), "products")
    assert works.photos.held.acquire(timeout=PATIENCE)
    # Though no photo that was asked for comes.
    works.replace(signal.SIGTERM)
    works.photos.let_go()
    assert_is_as_undisturbed(works, slug, source, count)

    assert works.site.api.post(f"imports/{source}/undo").status_code == httpx.codes.ACCEPTED
    works.replace_in(signal.SIGTERM, works.is_in(source, "undoing"), "undoing")
    works.ended(source, "undone")


def test_grid_change_goes_on_after_a_kill(works: Works) -> None:
    count = 600
    slug = works.site.new_catalog("Grid")
    works.ended(works.bring(slug, {"file": table(count, {})}), "done")
    api = works.site.api
    body = {"act": "set", "columns": ["product.brand"], "query": "", "text": "Halden"}
    plan = api.post(f"catalogs/{slug}/grid/plans", json=body).json()
    path = f"grid/plans/{plan['id']}"
    wait_until(lambda: api.get(path).json()["state"] == "planned", "the plan")

    for act, state, brands in (
        ("apply", "applied", {"Halden": count}),
        ("undo", "undone", {"": count}),
    ):
        answer = api.post(f"{path}/{act}")
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        works.replace_in(signal.SIGKILL, is_under_way(works.site, answer.json()["id"]), act)
        wait_until(
            lambda state=state: api.get(path).json()["state"] == state and not jobs(works.site), act
        )
        found = works.site.sql(
            "SELECT p.brand FROM catalog_product p JOIN catalog_catalog c ON c.id = p.catalog_id WHERE c.slug = ?",
            slug,
        )
        assert Counter(brand for (brand,) in found) == brands


def is_under_way(site: LiveSite, job: int) -> Callable[[], bool]:
    def look() -> bool:
        ((done, total),) = site.sql(
            "SELECT progress_done, progress_total FROM catalog_job WHERE id = ?", job
        )
        return 0 < done < total

    return look


def jobs(site: LiveSite) -> list[Any]:
    return site.sql(
        "SELECT id FROM catalog_job WHERE state IN ('pending', 'running') AND kind != 'purge'"
    )


def test_delivery_under_way_at_a_kill_is_sent_again_under_its_id(works: Works) -> None:
    slug = works.site.new_catalog("Hooks")
    hooks = works.hooks
    body = {"address": hooks.address, "events": ["import.done"]}
    hook = works.site.api.post(f"catalogs/{slug}/webhooks", json=body)
    assert hook.status_code == httpx.codes.CREATED, hook.text
    gate = threading.Event()
    hooks.before = gate.wait
    source = works.bring(slug, {"file": table(1, {})})
    hooks.wait_for(1, PATIENCE)
    works.replace(signal.SIGKILL)
    first, second = hooks.wait_for(2, PATIENCE)
    gate.set()

    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    path = f"webhooks/{hook.json()['id']}/deliveries"
    wait_until(
        lambda: [e["state"] for e in works.site.api.get(path).json()] == ["done"], "delivered"
    )
    assert json.loads(first.body)["data"]["import"] == source
    assert len(hooks.received) == 2


def test_client_that_leaves_in_the_middle_of_an_export_ends_it(works: Works) -> None:
    site = works.site
    slug = site.new_catalog("Leaving")
    # More than the kernel takes for a client that does not read.
    rows = "".join(f"Piece {n},P-{n},{'x' * 20_000}\n" for n in range(600))
    file = f"Title,SKU,Description\n{rows}".encode()
    works.ended(works.bring(slug, {"file": file}), "done")
    before = open_databases(site)

    path = f"catalogs/{slug}/export?format=jsonl&approved_only=false"
    with site.api.stream("GET", path) as answer:
        next(answer.iter_raw(1000))
    wait_until(lambda: notes(site, slug, "export.break_off"), "a note")
    wait_until(lambda: open_databases(site) <= before, "the database to be let go of")
    ((made, _),) = notes(site, slug, "export.make")
    ((_, noted),) = notes(site, slug, "export.break_off")
    assert json.loads(noted)["export"] == made
    assert 1000 <= json.loads(noted)["bytes"] < len(file)
    assert "Traceback" not in site.log()


def notes(site: LiveSite, slug: str, action: str) -> list[Any]:
    return site.sql(
        "SELECT e.id, e.data FROM catalog_auditevent e "
        "JOIN catalog_catalog c ON c.id = e.catalog_id WHERE c.slug = ? AND e.action = ?",
        slug,
        action,
    )


def open_databases(site: LiveSite) -> int:
    """How often the web server has the database open."""
    files = Path(f"/proc/{site.pids('web')[-1]}/fd")
    count = 0
    for each in files.iterdir():
        with contextlib.suppress(FileNotFoundError):
            # Of the database itself SQLite keeps files open that no connection has any more.
            count += each.readlink().name == "prodintel.sqlite3-wal"
    return count
