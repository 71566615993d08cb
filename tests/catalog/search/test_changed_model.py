"""Searching while another model's space fills."""

from __future__ import annotations

import pytest

from catalog.index import spaces
from catalog.models import EmbeddingSpace
from catalog.search import Query, search
from prodintel.engine import configured
from prodintel.management.commands.serve import Command
from tests.catalog.colours import ColourEncoder
from tests.engine.running import running_engine

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def changed_model(make_product, ingest, engine):
    """The engine has another model by now, and the live vectors are the first one's."""
    product = make_product(color="red")
    ingest()
    engine._engine._encoder = ColourEncoder("brighter-colours")
    return product


@pytest.fixture
def previous_engine(changed_model):
    """The second engine, with the first model."""
    configured.previous_client.cache_clear()
    config = configured.previous_config("colours", "")
    with running_engine(config, lambda _config: ColourEncoder()) as server:
        configured.previous_client().wait_ready()
        yield server
    configured.previous_client().close()
    configured.previous_client.cache_clear()


def test_second_engine_answers_with_the_model_of_the_live_space(
    catalog, changed_model, previous_engine
):
    result = search(catalog=catalog, query=Query(text="red"))
    assert result.notice == ""
    assert [hit.product for hit in result.hits] == [changed_model]
    assert result.hits[0].reasons[0].kind == "look"


def test_without_a_second_engine_only_words_are_searched_and_it_is_said(catalog, changed_model):
    result = search(catalog=catalog, query=Query(text="red"))
    assert "loaded or changed" in result.notice
    assert result.hits == []


def test_engine_is_chosen_by_the_fingerprint_of_the_space(changed_model, previous_engine):
    first = spaces.live_space().fingerprint
    assert configured.client_for(first) is configured.previous_client()
    now = ColourEncoder("brighter-colours").info.fingerprint
    assert configured.client_for(now) is configured.client()
    assert configured.client_for("unheard of") is None


def test_serve_starts_a_second_engine_after_a_change_of_the_setting(changed_model, settings):
    settings.CLIP_MODEL = "ViT-B-32"
    EmbeddingSpace.objects.update(clip_model="starter", clip_pretrained="")
    parts = Command._previous_engine(["web", "worker", "engine"])
    assert [part.script for part in parts] == [["manage.py", "engine", "--previous", "starter", ""]]


def test_serve_starts_one_engine_while_the_setting_stays(changed_model, settings):
    settings.CLIP_MODEL = "starter"
    EmbeddingSpace.objects.update(clip_model="starter", clip_pretrained="")
    assert Command._previous_engine(["web", "worker", "engine"]) == []
