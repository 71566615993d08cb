"""Each process killed in the middle of many uploads: nothing lost, nothing doubled, no ghosts."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.live_site import LiveSite, live_site, photo, wait_until

pytestmark = pytest.mark.encoder

PHOTOS = 80
KILL_AT = 25
DELETED = 8
VICTIMS = ("worker", "engine", "web", "supervisor")


@pytest.fixture(scope="module")
def site(prepared, tmp_path_factory) -> Iterator[LiveSite]:
    with live_site(prepared, tmp_path_factory.mktemp("site")) as running:
        running.serve()
        running.wait_ready()
        yield running


class Shop:
    """A client that goes on until each of its photos is acknowledged, whatever dies meanwhile."""

    def __init__(self, site: LiveSite, slug: str, seed: int) -> None:
        self.site, self.slug = site, slug
        self.photos = {number: photo(seed + number) for number in range(PHOTOS)}
        self.products: dict[int, int] = {}
        self.deleted: set[int] = set()
        self.killed = threading.Event()

    def add_all(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._add, self.photos))

    def delete_some(self) -> None:
        for number in range(0, PHOTOS, PHOTOS // DELETED):
            wait_until(lambda number=number: number in self.products, f"photo {number}")
            product = self.products[number]
            answer = self._insist(lambda product=product: self._delete(product))
            # Not found: the answer to an earlier try was lost with who gave it.
            assert answer.status_code in {204, 404}
            self.deleted.add(number)

    def _add(self, number: int) -> None:
        answer = self._insist(
            lambda: self.site.upload(self.slug, self.photos[number], title=f"Piece {number}")
        )
        # 200: it was taken in before, and the answer was lost.
        assert answer.status_code in {200, 201}, answer.text
        self.products[number] = answer.json()["id"]

    def _delete(self, product: int) -> httpx.Response:
        return self.site.api.delete(f"products/{product}")

    @staticmethod
    def _insist(call) -> httpx.Response:
        answers: list[httpx.Response] = []

        def answered() -> bool:
            try:
                answers[:] = [call()]
            except httpx.TransportError:
                return False
            return answers[0].status_code < 500

        wait_until(answered, "an answer")
        return answers[0]


def kill(site: LiveSite, victim: str) -> None:
    if victim != "supervisor":
        lives = len(site.pids(victim))
        os.kill(site.pids(victim)[-1], signal.SIGKILL)
        wait_until(lambda: len(site.pids(victim)) > lives, f"the next {victim}")
        return
    site.kill(site.supervisor)
    site.serve()


@pytest.mark.parametrize("victim", VICTIMS)
def test_after_a_kill_in_the_middle_every_photo_is_searchable_exactly_once(site, victim):
    slug = site.new_catalog(victim)
    shop = Shop(site, slug, seed=1000 * VICTIMS.index(victim))
    with ThreadPoolExecutor(2) as pool:
        adding, deleting = pool.submit(shop.add_all), pool.submit(shop.delete_some)
        wait_until(lambda: len(shop.products) >= KILL_AT, f"{KILL_AT} photos")
        assert len(shop.products) < PHOTOS
        kill(site, victim)
        adding.result()
        deleting.result()
    wait_until(site.is_quiet, "everything to be searchable")

    kept = {number: pk for number, pk in shop.products.items() if number not in shop.deleted}
    rows = site.sql(
        "SELECT p.id, p.product_id, product.deleted_at IS NULL FROM catalog_placement p "
        "JOIN catalog_product product ON product.id = p.product_id "
        "JOIN catalog_catalog c ON c.id = product.catalog_id WHERE c.slug = ?",
        slug,
    )
    # In SQL: a product and a placement a photo, doubled nowhere, deleted where that was answered.
    assert sorted(product for _, product, _ in rows) == sorted(shop.products.values())
    assert {product for _, product, alive in rows if alive} == set(kept.values())
    # In the index: what is alive, of this case and those before it.
    alive = site.sql(
        "SELECT p.id FROM catalog_placement p JOIN catalog_product product "
        "ON product.id = p.product_id WHERE product.deleted_at IS NULL AND p.deleted_at IS NULL"
    )
    assert sorted(site.indexed()) == sorted(pk for (pk,) in alive)
    assert not site.sql("SELECT 1 FROM catalog_embedtask WHERE state != 'done'")
    # And through the door.
    for number in list(kept)[:: len(kept) // 4]:
        assert site.search_by_photo(slug, shop.photos[number])[0] == kept[number]
        titled = site.search(slug, f"Piece {number}")["hits"]
        assert [hit["product"]["id"] for hit in titled].count(kept[number]) == 1
    for number in list(shop.deleted)[:3]:
        found = site.search_by_photo(slug, shop.photos[number], limit=100)
        assert shop.products[number] not in found
    assert site.search(slug, "")["total"] == len(kept)
    # Nobody has waited for the write lock in vain, of this case and those before it.
    assert "database is locked" not in site.log()
