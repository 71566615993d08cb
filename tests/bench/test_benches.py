"""That the benches measure what they say, and end."""

from __future__ import annotations

from itertools import islice

import pytest

from catalog.index import vector_index
from catalog.models import EmbeddingSpace, EmbedTask, Photo, SpaceState
from catalog.textsearch.normalise import fold
from prodintel.engine import configured
from prodintel.engine.tuning import MAX_BATCH
from tests.bench import bare, ingest, search


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
