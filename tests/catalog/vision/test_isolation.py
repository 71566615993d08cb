from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("heavy", ["django", "torch", "numpy", "pillow_heif"])
def test_the_decoding_program_starts_without_heavy_imports(heavy):
    program = f"import sys, catalog.vision.fragile_decoder\nsys.exit({heavy!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
