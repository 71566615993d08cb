"""Payloads as Qdrant Edge can filter them, and back.

Edge 0.9's Python layer reads a boolean in a condition as an integer, which matches no stored
boolean. So booleans are stored as text with a mark that no other text starts with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from prodintel.engine.errors import EngineError

_MARK = "\x00"
_TRUE, _FALSE = f"{_MARK}true", f"{_MARK}false"


def encoded(value: Any) -> Any:
    """A payload, or a part of one, as it is stored.

    Raises:
        EngineError: for anything that JSON has no form for, and for text that starts with the
            mark.
    """
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    if isinstance(value, str):
        if value.startswith(_MARK):
            raise EngineError("Text in a payload cannot start with a NUL character.")
        return value
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return {str(key): encoded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encoded(item) for item in value]
    raise EngineError(
        f"A payload cannot hold {value!r} ({type(value).__name__}): give text, numbers, booleans, "
        "lists or dictionaries of them."
    )


def decoded(value: Any) -> Any:
    """The opposite of `encoded`."""
    if isinstance(value, str):
        return value == _TRUE if value.startswith(_MARK) else value
    if isinstance(value, dict):
        return {key: decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decoded(item) for item in value]
    return value
