"""Workers that die after any step of an import: nothing lost, nothing doubled, and all undone."""

from __future__ import annotations

import pytest

from catalog.importing import applying, photos, previewing, staging, undoing
from catalog.importing.performing import _Turn
from catalog.importing.services import import_preview, import_undo
from catalog.ingest.jobs import IMPORT_KINDS, job_step
from catalog.models import Job, LedgerEntry, Placement, Product, ProductText, Variant
from tests.catalog.colours import staged

COUNT = 7


class Killed(BaseException):
    """What no code of the worker's handles."""


@pytest.fixture
def work_with_kills(monkeypatch):
    """Do what waits, by workers each of which lives for one step more than the one before."""
    for room in (staging, previewing, applying, photos, undoing):
        monkeypatch.setattr(room, "STEP", 2)
    monkeypatch.setattr(undoing, "PHOTOS_STEP", 2)

    def work() -> int:
        lives = 0
        while True:
            lives += 1
            left = lives

            def breathe(_turn):
                nonlocal left
                left -= 1
                if left < 0:
                    raise Killed

            monkeypatch.setattr(_Turn, "breathe", breathe)
            try:
                if not job_step(IMPORT_KINDS, owner="test/1"):
                    return lives
            except Killed:
                Job.objects.free(owner_prefix="test/")

    return work


def test_an_import_outlives_kills_in_each_phase_and_so_does_its_undoing(
    shop, person, work_with_kills
):
    rows = [
        {
            "Title": f"Piece {n}",
            "SKU": f"P-{n}",
            "Price": n + 1,
            "Photo": f"{n}.jpg",
            "Status": "active",
        }
        for n in range(COUNT)
    ]
    files = {f"{n}.jpg": staged("red", mark=n).data for n in range(COUNT)}
    source = shop.bring(rows, photos=files, file_status=True)
    import_preview(source=source, actor=person, start=True)

    assert work_with_kills() > 5

    source.refresh_from_db()
    assert (source.state, source.counts["created"]) == ("done", COUNT)
    skus = list(Variant.objects.order_by("sku").values_list("sku", flat=True))
    assert skus == [row["SKU"] for row in rows]
    assert Placement.objects.count() == ProductText.objects.count() == COUNT
    assert set(Product.objects.values_list("status", flat=True)) == {"approved"}
    # A word for each title and each price, once.
    assert LedgerEntry.objects.filter(source="import").count() == 2 * COUNT

    import_undo(source=source, actor=person)
    work_with_kills()

    source.refresh_from_db()
    assert source.state == "undone"
    assert not Product.objects.alive().exists()
