"""What acts on many products did, in words."""

from __future__ import annotations

import pytest

from catalog.models.job import MOVE, MOVE_BACK
from catalog.views.bulk_acts import told

STOPPED = "Stopped by ada."


@pytest.mark.parametrize(
    ("kind", "result", "words"),
    [
        (MOVE, {"changed": 1200, "left": 0}, "1,200 products now approved."),
        (MOVE, {"changed": 0, "left": 0}, "Nothing to change: already approved."),
        (
            MOVE,
            {"changed": 0, "left": 1},
            "Nothing was changed. 1 product left alone: somebody moved them meanwhile.",
        ),
        (MOVE, {"changed": 0, "left": 0, "why": STOPPED}, f"Nothing was changed. {STOPPED}"),
        (MOVE_BACK, {"changed": 0, "left": 0, "why": ""}, "Nothing to undo."),
        (MOVE_BACK, {"changed": 0, "left": 0, "why": STOPPED}, f"Nothing was put back. {STOPPED}"),
    ],
)
def test_act_is_told_as_it_went(kind, result, words):
    assert told(kind, {"status": "approved"}, result) == words
