"""The index and the jobs runner after something that should not have happened."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from catalog import storage
from catalog.index import vector_index
from catalog.ingest import embed, jobs
from catalog.ingest import index as indexing
from catalog.ingest.embed import Embedder
from catalog.ingest.index import Indexer
from catalog.ingest.jobs import Jobber
from catalog.models import FileRemoval, IndexChange, Product

pytestmark = pytest.mark.django_db


def test_database_that_fails_after_a_batch_gives_its_changes_back(
    make_product, ingest, indexer, monkeypatch
):
    make_product()
    ingest()
    Product.objects.update(brand="ACME")

    def deadlock(*_):
        raise OperationalError("deadlock detected")

    with monkeypatch.context() as patch:
        patch.setattr(Indexer, "_finish", deadlock)
        with pytest.raises(OperationalError):
            indexer.step()
    assert indexer.step() == 1
    assert not IndexChange.objects.exists()


def test_change_that_brings_the_runner_down_takes_no_others_with_it(
    make_product, ingest, monkeypatch
):
    products = [make_product() for _ in range(4)]
    ingest()
    Product.objects.update(brand="ACME")
    bad = products[0].placements.get().pk
    apply = Indexer._apply

    def surprise(self, rows, active):
        if bad in {row.point for row in rows}:
            raise ZeroDivisionError
        apply(self, rows, active)

    monkeypatch.setattr(Indexer, "_apply", surprise)
    for _ in range(12):
        try:
            Indexer(vector_index(), owner="test/1").step()
        except ZeroDivisionError:
            IndexChange.objects.all().free(owner_prefix="test/")
    (row,) = IndexChange.objects.all()
    assert (row.point, row.state) == (bad, "failed")


@pytest.mark.parametrize("runner", ["index", "files"])
def test_leases_of_long_batches_are_renewed(make_product, ingest, indexer, monkeypatch, runner):
    held = []

    def kept_alive(rows, tokens):
        held.append((rows.model, set(tokens)))
        return original(rows, tokens)

    module = {"index": indexing, "files": jobs}[runner]
    original = module.kept_alive
    make_product()
    ingest()
    monkeypatch.setattr(module, "kept_alive", kept_alive)
    if runner == "index":
        Product.objects.update(brand="ACME")
        indexer.step()
    else:
        FileRemoval.objects.create(name="gone.webp")
        monkeypatch.setattr(storage, "delete", lambda _name: None)
        Jobber(owner="test/1")._remove_files()
    ((model, tokens),) = held
    assert model is {"index": IndexChange, "files": FileRemoval}[runner]
    assert len(tokens) == 1


def test_batches_that_were_claimed_ahead_are_renewed_with_the_first(
    make_product, embedder, monkeypatch
):
    embedder.step()
    for _ in range(20):
        make_product()
    renewed: list[set] = []
    open_at_finish: list[int] = []
    keep, finish = embed.kept_alive, Embedder._finish

    def kept_alive(rows, tokens):
        renewed.append(tokens)
        return keep(rows, tokens)

    def count_first(self, batch):
        open_at_finish.append(len(renewed[0]))
        return finish(self, batch)

    monkeypatch.setattr(embed, "kept_alive", kept_alive)
    monkeypatch.setattr(Embedder, "_finish", count_first)
    while embedder.step():
        pass
    assert max(open_at_finish) == 3
    assert not renewed[0]
