"""Rehearsals of a mug."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.tools.kinds.twin_simulator.embedding import KnownSentences
from tools.kinds.twin_simulator import gate, rehearsal

PRICE = {"twins": [{"changes": [{"field": "price", "value": "-10%"}]}]}


@pytest.fixture
def sentences(monkeypatch):
    """The engine's sentence model, replaced by one that ranks right."""
    embed = KnownSentences()
    monkeypatch.setattr(gate, "_known", {})
    monkeypatch.setattr(rehearsal, "client", lambda: SimpleNamespace(embed_sentences=embed))
    return embed


@pytest.fixture
def mug(make_product):
    return make_product("Mug", color=None, price="20.00")


@pytest.fixture
def rehearse(performed, mug, sentences):
    """Performs a rehearsal of the mug and returns its run."""

    def perform(product=None, **options):
        chosen = {"personas": 3, **PRICE, **options}
        return performed(product or mug, tool="twin_simulator", **chosen)

    return perform
