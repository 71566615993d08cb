"""The command that builds the graph of the embedded index."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from catalog.index import spaces, vector_index
from catalog.ingest.embed import Embedder
from catalog.ingest.index import Indexer
from prodintel.engine import configured

pytestmark = pytest.mark.django_db


def optimize() -> str:
    out = io.StringIO()
    call_command("optimize_index", stdout=out)
    return out.getvalue()


def test_running_site_is_left_alone(engine):
    with pytest.raises(CommandError, match="Stop it"):
        optimize()


def test_server_needs_no_optimizing(settings):
    settings.QDRANT_URL = "http://127.0.0.1:6333"
    with pytest.raises(CommandError, match="by itself"):
        optimize()


def test_without_an_index_there_is_nothing_to_do(no_engine):
    assert "nothing to optimize" in optimize()


def test_stopped_site_s_index_is_optimized_and_loses_nothing(make_product, site_engine, encoder):
    with site_engine():
        configured.client().wait_ready()
        for _ in range(3):
            make_product()
        embedder = Embedder(configured.client(), owner="test/1")
        indexer = Indexer(vector_index(), owner="test/1")
        while embedder.step() + indexer.step():
            pass
    assert "3 points" in optimize()
    with site_engine():
        assert len(list(vector_index().ids(spaces.live_space().collection))) == 3
