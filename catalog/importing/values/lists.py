"""Several values in one cell."""

from __future__ import annotations

import json
import re

_PARTS = re.compile(r"\s*[;|\n]\s*")
_ADDRESS = re.compile(r"(?:https?:)?//", re.IGNORECASE)


def tags(text: str) -> list[str]:
    """By commas, else by semicolons or bars; each once, whatever its case."""
    parts = text.split(",") if "," in text else _PARTS.split(text)
    return _once(parts)


def values(text: str) -> list[str]:
    """An attribute's values: a JSON list as Shopify writes it, or parted by ; | or line breaks.

    A comma parts nothing: it belongs to values such as "70 % wool, 30 % silk".
    """
    text = text.strip()
    if text.startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list) and all(isinstance(each, str | int | float) for each in listed):
            return _once([str(each) for each in listed])
    return _once(_PARTS.split(text))


def photos(text: str) -> list[str]:
    """Addresses or file names: by line breaks, bars and semicolons, and by commas before another."""
    parts = []
    for part in re.split(r"[\n|]|;(?=\s*(?:https?:|\S+\.\w{3,4}\b))", text):
        if _ADDRESS.match(part.strip()):
            parts += re.split(r"\s*,\s*(?=https?:)", part)
        else:
            parts += part.split(",")
    return _once(parts)


def _once(parts: list[str]) -> list[str]:
    kept: dict[str, str] = {}
    for part in parts:
        plain = " ".join(part.split())
        if plain:
            kept.setdefault(plain.casefold(), plain)
    return list(kept.values())
