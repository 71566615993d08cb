"""Imports stopped, gone on with and taken back."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.approval.content import contents
from catalog.importing import applying
from catalog.importing.performing import _apply_step, _Turn
from catalog.importing.progress import progress_of
from catalog.importing.services import (
    import_delete,
    import_preview,
    import_start,
    import_stop,
    import_undo,
)
from catalog.models import (
    Batch,
    CurrentAttribute,
    ForeignCells,
    Import,
    ImportItem,
    ImportState,
    Job,
    Membership,
    Product,
    Role,
    Variant,
)
from catalog.services.going_back import batch_undo
from catalog.services.ledger import attribute_set
from catalog.services.products import product_update
from tests.catalog.importing.engine.conftest import work

ROWS = [
    {"Handle": f"piece-{n}", "Title": f"Piece {n}", "SKU": f"P{n}", "Price": str(n), "Note": "x"}
    for n in range(1, 6)
]


def everything(catalog):
    """All that a shopper sees of what is not deleted, row by row."""
    ids = list(Product.objects.alive().filter(catalog=catalog).values_list("pk", flat=True))
    cells = ForeignCells.objects.order_by("pk").values_list("product_id", "cells")
    return contents(ids), [(pk, str(each)) for pk, each in cells if pk in ids]


def test_undoing_leaves_every_product_as_it_was(shop, catalog, person, vocabulary):
    shop.run(ROWS[:3])
    first = Product.objects.order_by("pk").first()
    attribute_set(product=first, field="material", value="steel", actor=person)
    product_update(product=first, actor=person, fields={"description": "By hand"})
    before = everything(catalog)
    changed = [
        {**row, "Title": row["Title"] + "!", "Price": "99", "Material": "wood", "Color": "teal"}
        for row in ROWS
    ]
    changed.append({"Handle": "piece-2", "SKU": "P2-L", "Size name": "Size", "Size": "L"})

    source = shop.run(changed, over_people=True)
    assert everything(catalog) != before
    undone = shop.undo(source)

    assert undone.state == ImportState.UNDONE
    assert everything(catalog) == before
    assert undone.batch.retracted_at is not None
    assert not CurrentAttribute.objects.filter(field="color", product__deleted_at=None).exists()


def test_what_somebody_changed_since_stays_and_is_named(shop, person, messages):
    shop.run(ROWS[:1])
    source = shop.run([{**ROWS[0], "Title": "New", "Price": "7"}, *ROWS[1:3]])
    updated, created = Product.objects.order_by("pk")[:2]
    product_update(product=updated, actor=person, fields={"title": "Newer"})
    product_update(product=created, actor=person, fields={"brand": "Mine"})

    shop.undo(source)

    updated.refresh_from_db()
    assert updated.title == "Newer"
    assert updated.variants.get().price == 1
    assert set(Product.objects.alive().values_list("title", flat=True)) == {"Newer", "Piece 2"}
    assert any("title: Newer: Stays as it is" in text for text in messages(source))
    assert any("Piece 2: Not deleted: somebody changed" in text for text in messages(source))


def test_after_undoing_the_import_before_is_the_last_that_wrote(shop):
    shop.run(ROWS[:1])
    shop.undo(shop.run([{**ROWS[0], "Title": "New"}]))

    source = shop.run([{**ROWS[0], "Title": "Newest"}])

    assert source.counts["updated"] == 1
    assert Product.objects.get().title == "Newest"


def half_done(shop, person, monkeypatch):
    """An import of which two products are written, its job as the worker left it."""
    monkeypatch.setattr(applying, "STEP", 2)
    source = shop.preview(ROWS)
    import_start(source=source, actor=person)
    job = Job.objects.filter(kind="import-run").claim(owner="test/1", limit=1).rows[0]
    _apply_step(_Turn(job, ImportState.RUNNING, lambda: False))
    return source, job


def test_a_stopped_import_goes_on_where_it_was(shop, person, monkeypatch):
    source, job = half_done(shop, person, monkeypatch)
    import_stop(source=source, actor=person)
    assert not _apply_step(_Turn(job, ImportState.RUNNING, lambda: False))
    assert Product.objects.count() == 2

    shop.go_on(source)

    assert sorted(Variant.objects.values_list("sku", flat=True)) == [row["SKU"] for row in ROWS]


def test_progress_of_undoing_is_none_of_the_import(shop, person):
    source = shop.run(ROWS)

    import_undo(source=source, actor=person)

    progress = progress_of(Import.objects.get(pk=source.pk))
    assert (progress.label, progress.done, progress.total) == ("Undoing", 0, 0)


def test_a_stopped_import_can_be_undone(shop, person, monkeypatch):
    source, _ = half_done(shop, person, monkeypatch)
    import_stop(source=source, actor=person)

    assert shop.undo(source).state == ImportState.UNDONE

    assert not Product.objects.alive().exists()
    with pytest.raises(ValidationError, match="undone already"):
        import_undo(source=source, actor=person)


def test_who_goes_on_after_a_dead_worker_does_nothing_twice(shop, person, monkeypatch):
    source, _ = half_done(shop, person, monkeypatch)
    Job.objects.free(owner_prefix="test/")

    work()

    source.refresh_from_db()
    assert source.state == ImportState.DONE
    assert sorted(Variant.objects.values_list("sku", flat=True)) == [row["SKU"] for row in ROWS]


def test_who_loses_the_right_imports_no_more(shop, person, catalog, monkeypatch):
    source, _ = half_done(shop, person, monkeypatch)
    other = type(person).objects.create_user("other-owner")
    Membership.objects.create(user=other, catalog=catalog, role=Role.OWNER)
    Membership.objects.filter(user=person, catalog=catalog).update(role=Role.VIEWER)
    Job.objects.free(owner_prefix="test/")

    work()

    source.refresh_from_db()
    assert (source.state, source.error) == ("stopped", "ada may not do this here any more.")
    assert Product.objects.count() == 2


def test_a_failed_preview_leaves_nothing(shop, person, monkeypatch):
    source = shop.bring(ROWS)
    monkeypatch.setattr(
        "catalog.importing.staging.read_products", lambda *_: _broken(iter(source.items.none()))
    )
    import_preview(source=source, actor=person)
    work()

    source.refresh_from_db()
    assert (source.state, source.error) == ("failed", "It breaks off in line 3.")
    assert not ImportItem.objects.exists()
    assert not Batch.objects.exists()


def _broken(rows):
    from catalog.importing.reading import FileRejected

    yield from rows
    raise FileRejected("It breaks off in line 3.")


def test_a_batch_of_an_import_is_undone_through_the_import(shop, person):
    source = shop.run(ROWS[:2])

    started = batch_undo(batch=source.batch, actor=person)
    assert started.job is not None
    work()

    source.refresh_from_db()
    assert source.state == ImportState.UNDONE
    assert not Product.objects.alive().exists()


def test_an_import_that_wrote_something_cannot_be_deleted(shop, person):
    source = shop.run(ROWS[:1])
    with pytest.raises(ValidationError, match="Undo it first"):
        import_delete(source=source, actor=person)

    import_delete(source=shop.undo(source), actor=person)

    assert not Import.objects.exists()


def test_two_imports_at_once_both_arrive(shop, person, monkeypatch):
    monkeypatch.setattr(applying, "STEP", 1)
    monkeypatch.setattr("catalog.importing.performing.TURN_SECONDS", 0)
    one, two = shop.preview(ROWS[:3]), shop.preview([{**row, "Price": "8"} for row in ROWS])
    import_start(source=one, actor=person)
    import_start(source=two, actor=person)

    work()

    assert set(Import.objects.values_list("state", flat=True)) == {"done"}
    assert Product.objects.count() == 5
    assert set(Variant.objects.values_list("price", flat=True)) == {8}
