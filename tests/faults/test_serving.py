"""Starting and ending the site: what refuses, what ends cleanly, what heals.

Sites take long to start: most tests take the one that the test before has left running, and start
it where there is none.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from prodintel.lib import static_files
from tests.live_site import LiveSite, is_alive, live_site, photo, wait_until

pytestmark = pytest.mark.encoder

PHOTOS = 12
DELETED = 5


@dataclass
class Shop:
    """A site with a catalogue; `products` are ids by the number of their photo."""

    site: LiveSite
    slug: str
    products: dict[int, int]

    def placements(self) -> list[int]:
        """What is to be in the index."""
        rows = self.site.sql(
            "SELECT p.id FROM catalog_placement p JOIN catalog_product product "
            "ON product.id = p.product_id WHERE product.deleted_at IS NULL ORDER BY p.id"
        )
        return [pk for (pk,) in rows]


@pytest.fixture(scope="module")
def shop(prepared, tmp_path_factory) -> Iterator[Shop]:
    """PHOTOS but a deleted one are searchable."""
    with live_site(prepared, tmp_path_factory.mktemp("shop")) as site:
        site.serve()
        slug = site.new_catalog("Shop")
        products = {}
        for number in range(PHOTOS):
            answer = site.upload(slug, photo(number), title=f"Piece {number}")
            assert answer.status_code == httpx.codes.CREATED
            products[number] = answer.json()["id"]
        assert site.api.delete(f"products/{products.pop(DELETED)}").status_code == 204
        wait_until(site.is_quiet, "everything to be searchable")
        yield Shop(site, slug, products)


@pytest.fixture
def running(shop) -> LiveSite:
    """The shop's site with its model loaded."""
    site = shop.site
    if site.supervisor is None or site.supervisor.poll() is not None:
        site.end()
        site.clear_log()
        site.serve()
    wait_until(lambda: site.health("encoder") == "ok", "the encoder")
    return site


@pytest.fixture
def stopped(shop) -> Iterator[LiveSite]:
    """The shop's site while none of its processes runs, and ended again."""
    shop.site.end()
    shop.site.clear_log()
    yield shop.site
    shop.site.end()


@pytest.fixture
def changed(shop) -> Iterator[Path]:
    """The static files' mark, which says those of another version, as after an update."""
    mark = shop.site.data / "static" / static_files.MARK
    former = mark.read_bytes()
    mark.write_text("of another version", encoding="ascii")
    yield mark
    mark.write_bytes(former)


def assert_ends_cleanly(site: LiveSite, number: signal.Signals) -> None:
    pids = [pid for part in ("web", "worker", "engine") for pid in site.pids(part)]
    assert len(pids) == 3
    assert site.stop(site.supervisor, number) == 0
    assert not any(map(is_alive, pids))
    # Each of its own accord.
    for event in ("web stopped", "worker stopped", "The engine stops", "stopped"):
        assert len(site.events(event)) == 1
    assert "Traceback" not in site.log()
    assert site.events("killed") == site.events("exited") == []


def test_sigterm_ends_the_site_cleanly(running):
    assert_ends_cleanly(running, signal.SIGTERM)


def test_without_the_engine_words_are_searched_with_a_notice_and_photos_wait_for_it(shop, stopped):
    site, slug = stopped, shop.slug
    # The engine is nobody's child here, so that it stays away until it is started again.
    site.serve("--parts", "web,worker")
    engine = site.command("engine")
    wait_until(lambda: site.health("encoder") == "ok", "the encoder")
    assert site.search(slug, "Piece 1")["notice"] == ""
    site.kill(engine)

    answer = site.search(slug, "Piece 1")
    assert "The encoder does not answer" in answer["notice"]
    assert answer["hits"][0]["product"]["id"] == shop.products[1]
    assert site.health("encoder") == "unavailable"
    late = site.upload(slug, photo(PHOTOS), title="Latecomer")
    assert late.status_code == httpx.codes.CREATED
    refused = site.api.post(f"catalogs/{slug}/search", files={"image": ("a.jpg", photo(0))})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
    assert site.waiting_photos() == 1
    assert site.search(slug, "Latecomer")["hits"][0]["product"]["embed_state"] == "pending"

    site.command("engine")
    wait_until(site.is_quiet, "the photo that waited")
    assert site.search(slug, "Piece 1")["notice"] == ""
    assert site.search_by_photo(slug, photo(PHOTOS))[0] == late.json()["id"]
    assert site.sql("SELECT DISTINCT attempts FROM catalog_embedtask") == [(1,)]


def overwrite(site: LiveSite) -> None:
    for file in (site.data / "index").glob("space-*/edge/**/*"):
        if file.is_file():
            file.write_bytes(b"\xff" * max(file.stat().st_size, 64))


def remove(site: LiveSite) -> None:
    shutil.rmtree(site.data / "index")


@pytest.mark.parametrize("damage", [overwrite, remove])
def test_damaged_index_is_rebuilt_from_the_database(shop, damage):
    site = shop.site
    site.end()
    site.clear_log()
    before = shop.placements()
    damage(site)

    site.serve()
    wait_until(lambda: sorted(site.indexed()) == before, "the index to be whole again")
    wait_until(lambda: site.health("index") == "ok", "the end of the filling")
    wait_until(lambda: site.health("encoder") == "ok", "the encoder")
    assert site.search_by_photo(shop.slug, photo(7))[0] == shop.products[7]
    # From the vectors that are kept, without the model.
    assert site.sql("SELECT DISTINCT attempts FROM catalog_embedtask") == [(1,)]


def test_second_site_on_the_same_data_is_refused_and_told_where_the_first_is(running):
    second = running.command("serve", PORT="1")
    assert second.wait(60) == 1
    assert f"already running at {running.url}/" in running.log()
    assert "Traceback" not in running.log()
    assert running.answers()


def test_taken_port_is_refused_with_what_to_set(running, prepared, tmp_path):
    port = running.url.rpartition(":")[2]
    with live_site(prepared, tmp_path) as other:
        assert other.command("serve", PORT=port).wait(60) == 1
        assert f"Port {port} on 127.0.0.1 is taken by another program. Set PORT" in other.log()
        assert "Traceback" not in other.log()
        assert other.pids("web") == []


def test_setup_may_run_while_the_site_does(running):
    setup: subprocess.Popen[bytes] = running.command("setup")
    assert setup.wait(120) == 0
    assert running.answers()


def test_setup_with_something_to_change_is_refused_while_the_site_runs(running, changed):
    collected = sorted((running.data / "static").rglob("*.*"))
    assert running.command("setup").wait(120) == 1
    assert f"The site is running at {running.url}/ (process {running.supervisor.pid})" in (
        running.log()
    )
    assert "Traceback" not in running.log()
    assert sorted((running.data / "static").rglob("*.*")) == collected


def test_ctrl_c_ends_the_site_cleanly(running):
    assert_ends_cleanly(running, signal.SIGINT)


def test_setup_makes_the_change_once_the_site_has_stopped(stopped, changed):
    assert stopped.command("setup").wait(120) == 0
    assert changed.read_text(encoding="ascii") != "of another version"


def test_signal_while_the_model_is_being_loaded_ends_the_site_cleanly(stopped):
    process = stopped.serve()
    wait_until(lambda: "The engine listens" in stopped.log(), "the engine")
    assert stopped.stop(process) == 0
    assert "Traceback" not in stopped.log()
    assert stopped.events("killed") == []
