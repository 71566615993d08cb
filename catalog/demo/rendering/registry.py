"""Which builder makes which kind of thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Builder = Callable[..., None]
BUILDERS: dict[str, Builder] = {}


def builder(name: str) -> Callable[[Builder], Builder]:
    """Registers a function that puts a thing into the scene under the name used in `shots.toml`."""

    def register(build: Builder) -> Builder:
        BUILDERS[name] = build
        return build

    return register


def build(name: str, options: dict[str, Any]) -> None:
    """Builds the named thing; an unknown name lists the known ones."""
    if name not in BUILDERS:
        raise KeyError(f"no builder {name!r}; known: {', '.join(sorted(BUILDERS))}")
    BUILDERS[name](**options)
