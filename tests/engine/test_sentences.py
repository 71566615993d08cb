"""Sentences by what they mean: the call through the engine, and the published model itself."""

from __future__ import annotations

import numpy as np
import pytest

from prodintel.engine.errors import EngineError
from prodintel.engine.interface import MAX_SENTENCES, SENTENCE_DIMENSION
from prodintel.engine.local import LocalEngine
from prodintel.engine.sentences import TOKENS, check, load_sentences
from prodintel.engine.server import EngineServer, hold_socket
from prodintel.engine.starter import sources
from tests.engine.running import client_of, no_model


class FakeSentences:
    """Counts as it is loaded, and embeds every text the same."""

    loaded = 0

    def __init__(self):
        FakeSentences.loaded += 1

    def embed(self, texts):
        check(texts)
        vectors = np.zeros((len(texts), SENTENCE_DIMENSION), np.float32)
        vectors[:, 0] = 1
        return vectors


@pytest.fixture
def engine(config):
    FakeSentences.loaded = 0
    engine = LocalEngine(config, load=no_model, load_sentences=FakeSentences)
    yield engine
    engine.close()


@pytest.fixture
def client(engine, config):
    with hold_socket(config.socket):
        server = EngineServer(engine, config)
        server.start()
        with client_of(config) as client:
            yield client
        server.stop()


def test_sentences_are_embedded_over_the_socket_without_the_search_model(client):
    vectors = client.embed_sentences(["good", "bad"])
    assert (vectors.shape, vectors.dtype) == ((2, SENTENCE_DIMENSION), np.float32)
    assert client.info().state == "idle"


def test_the_sentence_model_is_loaded_once_and_only_when_it_is_wanted(engine):
    assert FakeSentences.loaded == 0
    engine.embed_sentences(["good"])
    engine.embed_sentences(["bad"])
    assert FakeSentences.loaded == 1


def test_a_sentence_model_that_cannot_be_loaded_is_tried_again(config):
    attempts = []

    def load():
        attempts.append(1)
        if len(attempts) == 1:
            raise sources.StarterError("the package is not installed")
        return FakeSentences()

    engine = LocalEngine(config, load=no_model, load_sentences=load)
    with pytest.raises(EngineError, match="not installed"):
        engine.embed_sentences(["good"])
    assert engine.embed_sentences(["good"]).shape == (1, SENTENCE_DIMENSION)
    engine.close()


def test_more_sentences_than_a_call_takes_are_refused(client):
    with pytest.raises(EngineError, match="At most 500 sentences"):
        client.embed_sentences(["good"] * (MAX_SENTENCES + 1))


def test_what_is_no_text_is_refused(client):
    with pytest.raises(EngineError, match="Only text"):
        client.embed_sentences(["good", None])


@pytest.fixture(scope="module")
def minilm():
    return load_sentences()


@pytest.mark.encoder
def test_the_published_model_makes_rows_of_length_one(minilm):
    vectors = minilm.embed(["I love it.", "", "word " * 2 * TOKENS, "né \U0001f600"])
    assert (vectors.shape, vectors.dtype) == ((4, SENTENCE_DIMENSION), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.encoder
def test_a_text_has_the_same_vector_beside_longer_ones(minilm):
    alone = minilm.embed(["A short text."])[0]
    beside = minilm.embed(
        ["A short text.", "A text that is a good deal longer than the other one."]
    )
    np.testing.assert_allclose(alone, beside[0], atol=1e-5)


@pytest.mark.encoder
def test_what_means_the_same_is_nearer_than_what_does_not(minilm):
    same, other, text = minilm.embed(
        ["The price is too high.", "I like the colour blue.", "It costs too much."]
    )
    assert text @ same > text @ other + 0.2


@pytest.mark.encoder
def test_no_sentences_are_no_rows(minilm):
    assert minilm.embed([]).shape == (0, SENTENCE_DIMENSION)
