"""Starting and ending the site: what refuses, what ends cleanly, what heals."""

from __future__ import annotations

import shutil
import signal
import subprocess

import httpx
import pytest

from prodintel.lib import static_files
from tests.live_site import LiveSite, is_alive, live_site, photo, wait_until

pytestmark = pytest.mark.encoder


def seed(site: LiveSite, slug: str, count: int) -> dict[int, int]:
    """Upload that many photos and wait until nothing waits; product ids by photo number."""
    products = {}
    for number in range(count):
        answer = site.upload(slug, photo(number), title=f"Piece {number}")
        assert answer.status_code == httpx.codes.CREATED
        products[number] = answer.json()["id"]
    wait_until(site.is_quiet, "everything to be searchable")
    return products


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_signal_ends_the_site_cleanly(site, number):
    process = site.serve()
    site.wait_ready()
    pids = [pid for part in ("web", "worker", "engine") for pid in site.pids(part)]
    assert len(pids) == 3
    assert site.stop(process, number) == 0
    assert not any(map(is_alive, pids))
    # Each of its own accord.
    for event in ("web stopped", "worker stopped", "The engine stops", "stopped"):
        assert len(site.events(event)) == 1
    assert "Traceback" not in site.log()
    assert site.events("killed") == site.events("exited") == []


def test_signal_while_the_model_is_being_loaded_ends_the_site_cleanly(site):
    process = site.serve()
    wait_until(lambda: "The engine listens" in site.log(), "the engine")
    assert site.stop(process) == 0
    assert "Traceback" not in site.log()
    assert site.events("killed") == []


def test_second_site_on_the_same_data_is_refused_and_told_where_the_first_is(site):
    site.serve("--parts", "web")
    second = site.command("serve", PORT="1")
    assert second.wait(60) == 1
    assert f"already running at {site.url}/" in site.log()
    assert "Traceback" not in site.log()
    assert site.answers()


def test_taken_port_is_refused_with_what_to_set(site, prepared, tmp_path):
    site.serve("--parts", "web")
    port = site.url.rpartition(":")[2]
    with live_site(prepared, tmp_path) as other:
        assert other.command("serve", PORT=port).wait(60) == 1
        assert f"Port {port} on 127.0.0.1 is taken by another program. Set PORT" in other.log()
        assert "Traceback" not in other.log()
        assert other.pids("web") == []


def test_without_the_engine_words_are_searched_with_a_notice_and_photos_wait_for_it(site):
    # The engine is nobody's child here, so that it stays away until it is started again.
    site.serve("--parts", "web,worker")
    engine = site.command("engine")
    slug = site.new_catalog("Shop")
    products = seed(site, slug, 3)
    site.kill(engine)

    answer = site.search(slug, "Piece 1")
    assert "The encoder does not answer" in answer["notice"]
    assert answer["hits"][0]["product"]["id"] == products[1]
    assert site.health("encoder") == "unavailable"
    late = site.upload(slug, photo(3), title="Latecomer")
    assert late.status_code == httpx.codes.CREATED
    refused = site.api.post(f"catalogs/{slug}/search", files={"image": ("a.jpg", photo(0))})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
    assert site.waiting_photos() == 1
    assert site.search(slug, "Latecomer")["hits"][0]["product"]["embed_state"] == "pending"

    site.command("engine")
    wait_until(site.is_quiet, "the photo that waited")
    assert site.search(slug, "Piece 1")["notice"] == ""
    assert site.search_by_photo(slug, photo(3))[0] == late.json()["id"]
    assert site.sql("SELECT DISTINCT attempts FROM catalog_embedtask") == [(1,)]


def overwrite(site: LiveSite) -> None:
    for file in (site.data / "index").glob("space-*/edge/**/*"):
        if file.is_file():
            file.write_bytes(b"\xff" * max(file.stat().st_size, 64))


def remove(site: LiveSite) -> None:
    shutil.rmtree(site.data / "index")


@pytest.mark.parametrize("damage", [overwrite, remove])
def test_damaged_index_is_rebuilt_from_the_database(site, damage):
    process = site.serve()
    slug = site.new_catalog("Shop")
    products = seed(site, slug, 12)
    assert site.api.delete(f"products/{products[5]}").status_code == 204
    wait_until(site.is_quiet, "the deletion")
    before = site.indexed()
    assert len(before) == 11
    assert site.stop(process) == 0
    damage(site)

    site.serve()
    wait_until(lambda: site.indexed() == before, "the index to be whole again")
    wait_until(lambda: site.health("index") == "ok", "the end of the filling")
    wait_until(lambda: site.health("encoder") == "ok", "the encoder")
    assert site.search_by_photo(slug, photo(7))[0] == products[7]
    # From the vectors that are kept, without the model.
    assert site.sql("SELECT DISTINCT attempts FROM catalog_embedtask") == [(1,)]


def test_setup_may_run_while_the_site_does(site):
    site.serve("--parts", "web")
    setup: subprocess.Popen[bytes] = site.command("setup")
    assert setup.wait(120) == 0
    assert site.answers()


def test_setup_with_something_to_change_is_refused_while_the_site_runs(site):
    process = site.serve("--parts", "web")
    collected = sorted((site.data / "static").rglob("*.*"))
    # As after an update whose static files are others.
    mark = site.data / "static" / static_files.MARK
    mark.write_text("of another version", encoding="ascii")
    assert site.command("setup").wait(120) == 1
    assert f"The site is running at {site.url}/ (process {process.pid})" in site.log()
    assert "Traceback" not in site.log()
    assert sorted((site.data / "static").rglob("*.*")) == collected

    assert site.stop(process) == 0
    assert site.command("setup").wait(120) == 0
    assert mark.read_text(encoding="ascii") != "of another version"
