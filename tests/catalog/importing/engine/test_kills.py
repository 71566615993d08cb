"""Workers that die after any step of an import: nothing lost, nothing doubled, and all undone."""

from __future__ import annotations

import pytest

from catalog.importing import applying, photos, previewing, staging, undoing
from catalog.importing.performing import _Turn
from catalog.importing.progress import progress_of
from catalog.importing.services import import_preview, import_stop, import_undo
from catalog.ingest.jobs import IMPORT_KINDS, job_step
from catalog.models import (
    Import,
    ImportItem,
    Job,
    LedgerEntry,
    Placement,
    Product,
    ProductText,
    Variant,
)
from tests.catalog.colours import staged
from tests.catalog.importing.engine.conftest import work

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


def rows(count, name="P"):
    return [{"Title": f"Piece {n}", "SKU": f"{name}-{n}", "Price": n + 1} for n in range(count)]


def work_until_read(monkeypatch, steps):
    """Have a worker die once so many steps of reading are done."""
    left = steps

    def breathe(_turn):
        nonlocal left
        left -= 1
        if not left:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(_Turn, "breathe", breathe)
        with pytest.raises(Killed):
            job_step(IMPORT_KINDS, owner="test/1")
    Job.objects.free(owner_prefix="test/")


def test_reading_goes_on_after_a_kill_where_it_was(shop, person, monkeypatch):
    monkeypatch.setattr(staging, "STEP", 2)
    # Photos that no row names are read after the rows.
    photos = {"P-0.jpg": staged("red", mark=0).data, "P-6_2.jpg": staged("red", mark=1).data}
    source = shop.bring(rows(COUNT), photos=photos)
    import_preview(source=source, actor=person)
    work_until_read(monkeypatch, steps=2)
    first = list(ImportItem.objects.values_list("pk", flat=True))
    assert len(first) == 4

    work()

    source.refresh_from_db()
    assert (source.state, source.counts["rows"]) == ("ready", COUNT)
    items = list(ImportItem.objects.order_by("number").values_list("pk", "number"))
    assert items[:4] == list(zip(first, range(1, 5), strict=True))
    assert [number for _, number in items] == list(range(1, COUNT + 1))
    assert source.photo_rows.count() == len(photos)


def test_photos_that_no_row_names_are_grouped_again_after_a_kill(shop, person, monkeypatch):
    monkeypatch.setattr(staging, "STEP", 2)
    names = ["nobody.jpg", *(f"P-{n}.jpg" for n in range(COUNT))]
    photos = {name: staged("red", mark=mark).data for mark, name in enumerate(names)}
    source = shop.bring(rows(COUNT), photos=photos)
    import_preview(source=source, actor=person)
    work_until_read(monkeypatch, steps=6)
    assert 0 < source.photo_rows.count() < COUNT

    work()

    source.refresh_from_db()
    assert source.state == "ready"
    assert ImportItem.objects.count() == source.photo_rows.count() == COUNT
    assert source.problems.filter(message__contains="nobody.jpg").count() == 1


def test_a_file_that_is_read_anew_after_it_was_stopped_begins_again(shop, person, monkeypatch):
    monkeypatch.setattr(staging, "STEP", 2)
    source = shop.bring(rows(COUNT))
    import_preview(source=source, actor=person)
    work_until_read(monkeypatch, steps=2)
    import_stop(source=source, actor=person)

    import_preview(source=source, actor=person)
    work()

    source.refresh_from_db()
    assert (source.state, source.counts["rows"]) == ("ready", COUNT)
    assert ImportItem.objects.count() == COUNT


def test_how_long_reading_takes_is_told(shop, person, monkeypatch):
    monkeypatch.setattr(staging, "STEP", 2)
    source = shop.bring(rows(COUNT))
    import_preview(source=source, actor=person)
    work_until_read(monkeypatch, steps=3)

    progress = progress_of(Import.objects.get(pk=source.pk))

    assert (progress.phase, progress.done, progress.total) == ("reading", 6, COUNT)
    assert progress.eta_seconds is not None


def test_reading_gives_others_a_turn(shop, person, monkeypatch):
    monkeypatch.setattr(staging, "STEP", 2)
    monkeypatch.setattr("catalog.importing.performing.TURN_SECONDS", 0)
    long, short = shop.bring(rows(COUNT)), shop.bring(rows(1, "Q"))
    for source in (long, short):
        import_preview(source=source, actor=person)
    ended = []
    breathe = _Turn.breathe

    def watched(turn):
        ended.extend(
            Import.objects.filter(state="ready").exclude(pk__in=ended).values_list("pk", flat=True)
        )
        breathe(turn)

    monkeypatch.setattr(_Turn, "breathe", watched)
    work()

    assert Import.objects.filter(state="ready").count() == 2
    assert ended == [short.pk]
