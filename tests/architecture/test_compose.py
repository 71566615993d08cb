"""What the compose file starts."""

from __future__ import annotations

import re
from pathlib import Path

COMPOSE = Path(__file__).parents[2] / "compose.yaml"


def test_every_image_names_its_version():
    images = re.findall(r"^\s+image:\s*(\S+)$", COMPOSE.read_text("utf-8"), re.MULTILINE)
    assert images
    floating = [name for name in images if not re.search(r":[vR.\w-]*\d", name)]
    assert floating == []
