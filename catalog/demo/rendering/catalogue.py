"""All builders, by importing the rooms that register them."""

from __future__ import annotations

from . import (  # noqa: F401 - imported for what they register
    accessories,
    bags,
    care,
    clothing,
    cookware,
    electronics,
    furniture,
    home,
    lamps,
    leisure,
    plants,
    tableware,
)
from .registry import BUILDERS, build

__all__ = ["BUILDERS", "build"]
