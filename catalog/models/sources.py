"""Who says what of a product, and whose word counts."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models


class Source(models.TextChoices):
    PERSON = "person", "Person"
    IMPORT = "import", "Import"
    VISION_LLM = "vision-llm", "Vision model"
    ZERO_SHOT = "zero-shot", "Zero-shot"
    TOOL = "tool", "Tool"


# Whose word counts where an attribute says nothing else. What a tool says counts nowhere before a
# person accepts it, and like a person's word then: it has no place of its own.
PRECEDENCE = (Source.PERSON, Source.IMPORT, Source.VISION_LLM, Source.ZERO_SHOT)
MACHINE_SOURCES = frozenset({Source.VISION_LLM, Source.ZERO_SHOT, Source.TOOL})


def check_precedence(value: Any) -> None:
    """Refuse what is no order of all that can count, and one with a machine before people."""
    names = ", ".join(PRECEDENCE)
    if not isinstance(value, list) or any(source not in PRECEDENCE for source in value):
        raise ValidationError(f"Give a list of {names}.")
    if sorted(value) != sorted(PRECEDENCE):
        raise ValidationError(f"Name each of {names} once.")
    if any(source in MACHINE_SOURCES for source in value[: value.index(Source.PERSON)]):
        raise ValidationError("No machine comes before people: their values are locked against it.")
