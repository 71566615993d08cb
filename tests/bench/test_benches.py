"""That the benches measure what they say, and end."""

from __future__ import annotations

import zipfile
from itertools import islice

import pytest

from catalog.importing.archives import open_archive
from catalog.importing.reading import inspect
from catalog.importing.tables import rows
from catalog.index import vector_index
from catalog.models import EmbeddingSpace, EmbedTask, Photo, SpaceState
from catalog.textsearch.normalise import fold
from prodintel.engine import configured
from prodintel.engine.tuning import MAX_BATCH
from tests.bench import bare, ingest, search
from tests.bench.catalogue_files import HEADERS, Plan, write_archive
from tests.bench.imports import Run
from tests.bench.watching import Watch


def test_queries_of_the_search_bench_are_all_different_and_words_of_titles():
    texts = list(islice(search.queries(), 4 * search.QUERIES))
    titles = {f"{color} {word}" for color in search.COLORS for word in search.WORDS}
    assert len(set(texts)) == len(texts)
    assert {fold(text) for text in texts} == titles


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_bare_loop_may_take_batches_as_large_as_the_engine_s(device):
    assert max(bare.batches_on(device)) == MAX_BATCH[device]


@pytest.fixture
def photo(make_catalog, data_dir):
    """A photo that waits for its vector, which no engine computes."""
    for made in (configured.client, vector_index):
        made.cache_clear()
    EmbeddingSpace.objects.create(dimension=4, fingerprint="f", state=SpaceState.LIVE)
    yield Photo.objects.create(
        catalog=make_catalog(), sha256="0" * 64, width=9, height=9, size_bytes=9, perceptual_hash=0
    )
    for made in (configured.client, vector_index):
        made.cache_clear()


def test_ingest_bench_ends_at_a_photo_that_failed(photo):
    EmbedTask.objects.update(state="failed", error="This is no photo.")
    with pytest.raises(RuntimeError, match="This is no photo"):
        ingest.wait_for_points()


def test_ingest_bench_ends_when_nothing_moves_any_more(photo, monkeypatch):
    monkeypatch.setattr(ingest, "STALLED_SECONDS", 0.1)
    with pytest.raises(TimeoutError, match="0 of 1 photos"):
        ingest.wait_for_points()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_archive_of_the_imports_bench_has_all_its_rows_and_photos_once(tmp_path, data_dir, kind):
    path = tmp_path / "catalogue.zip"
    write_archive(path, Plan(rows=10, photos=4, kind=kind), "a")
    with zipfile.ZipFile(path) as zipped:
        names = [name for name in zipped.namelist() if name.startswith("photos/")]
        assert len({zipped.read(name) for name in names}) == 4
    with open_archive(path) as archive:
        (table,) = [each for each in archive.members if each.kind == "table"]
        file = archive.extract_table(table)
        inspection = inspect(file, table.name)
        cells = [row.cells for row in rows(file, inspection.layout)]
    assert inspection.headers == list(HEADERS)
    assert len({row["SKU"] for row in cells}) == 10
    assert [row["Image"] for row in cells if row["Image"]] == names


def test_imports_bench_keeps_what_was_told_as_each_quarter_was_passed():
    run = Run(client=None, watch=Watch(), supervisor=0, plan=Plan(kills=()))
    for done, left in [(0, None), (30, 7.0), (40, 6.0), (60, 4.0), (100, 0.0)]:
        run._note({"phase": "photos", "done": done, "total": 100, "seconds_left": left}, done)
    assert run.phases["photos"].told == {0.25: (30, 7.0), 0.5: (60, 4.0), 0.75: (100, 0.0)}
