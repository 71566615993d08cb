"""Whether the sentence model may be believed: the shipped statements, and what is made of them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from prodintel.engine.errors import EngineUnavailable
from prodintel.engine.sentences import load_sentences
from tests.tools.kinds.twin_simulator.embedding import KnownSentences
from tools.kinds.twin_simulator import gate
from tools.kinds.twin_simulator.gate import Gate, Rater, rater, scale
from tools.kinds.twin_simulator.similarity import rank_correlation, ratings


@pytest.fixture(autouse=True)
def _nothing_measured(monkeypatch):
    monkeypatch.setattr(gate, "_known", {})


def test_scale_has_five_answers_six_sets_and_thirty_statements():
    shipped = scale()
    assert len(shipped.answers) == 5
    assert [len(group) for group in shipped.anchors] == [5] * 6
    assert [len(group) for group in shipped.statements] == [6] * 5
    texts = [text for group in (*shipped.anchors, *shipped.statements) for text in group]
    assert len(set(texts)) == 60


def test_model_that_ranks_right_passes():
    found = Rater(KnownSentences()).gate
    assert found.passed
    assert "ranked 30 test statements right" in found.reason


def test_model_that_ranks_the_wrong_way_round_does_not_pass():
    found = Rater(KnownSentences(backwards=True)).gate
    assert not found.passed
    assert "did not rank 30 test statements right" in found.reason


def test_one_bad_statement_above_a_good_one_is_too_many():
    assert Gate("m", 0.9, highest_bad=2.9, lowest_good=3.0).passed
    assert not Gate("m", 0.9, highest_bad=3.0, lowest_good=3.0).passed
    assert not Gate("m", 0.79, highest_bad=2.9, lowest_good=3.0).passed


def test_a_process_measures_a_model_once():
    embed = KnownSentences()
    assert rater(embed, "one") is rater(embed, "one")
    assert len(embed.asked) == 1
    rater(embed, "another")
    assert len(embed.asked) == 2


def test_an_engine_that_was_away_is_asked_again():
    def away(_texts):
        raise EngineUnavailable("The engine is not running.")

    with pytest.raises(EngineUnavailable):
        rater(away, "one")
    assert rater(KnownSentences(), "one").gate.passed


@pytest.fixture(scope="module")
def real():
    embed = load_sentences().embed
    return embed, Rater(embed)


@pytest.mark.encoder
def test_minilm_ranks_the_thirty_statements_right(real):
    _, scorer = real
    assert scorer.gate.passed
    # What docs/measurements.md says.
    assert scorer.gate.correlation == pytest.approx(0.885, abs=0.005)
    assert scorer.gate.highest_bad == pytest.approx(2.93, abs=0.02)
    assert scorer.gate.lowest_good == pytest.approx(3.61, abs=0.02)


@pytest.mark.encoder
def test_minilm_ranks_the_thirty_as_well_as_those_that_the_anchors_were_chosen_on(real):
    embed, scorer = real
    chosen_on = tomllib.loads(Path(__file__).with_name("chosen_on.toml").read_text("utf-8"))
    texts = [text for group in chosen_on.values() for text in group]
    levels = np.repeat(np.arange(1.0, 6.0), [len(group) for group in chosen_on.values()])
    assert set(texts).isdisjoint(text for group in scale().statements for text in group)
    found = rank_correlation(ratings(scorer.rate(embed, texts)), levels)
    assert found == pytest.approx(0.891, abs=0.005)


@pytest.mark.encoder
def test_minilm_puts_every_bad_statement_below_every_good_one(real):
    embed, scorer = real
    means = [ratings(scorer.rate(embed, group)) for group in scale().statements]
    assert np.concatenate(means[:2]).max() < np.concatenate(means[3:]).min()
