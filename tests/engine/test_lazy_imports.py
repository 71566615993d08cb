"""The parts of the engine that pages use must not load what only the engine needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "open_clip", "timm", "transformers", "qdrant_edge", "qdrant_client")


@pytest.mark.parametrize(
    "module",
    [
        "prodintel.engine.client",
        "prodintel.engine.server",
        "prodintel.engine.preprocess",
        "catalog.index.protocol",
        "catalog.index.embedded",
        "catalog.index.server",
    ],
)
def test_importing_it_loads_no_heavy_library(module):
    code = (
        f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules], end='')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert result.stdout == "[]"
