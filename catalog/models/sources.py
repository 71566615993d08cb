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


# Whose word counts where an attribute says nothing else.
PRECEDENCE = (Source.PERSON, Source.IMPORT, Source.VISION_LLM, Source.ZERO_SHOT)
MACHINE_SOURCES = frozenset({Source.VISION_LLM, Source.ZERO_SHOT})


def check_precedence(value: Any) -> None:
    """Refuse what is no order of all sources, and one with a machine before people."""
    if not isinstance(value, list) or any(source not in Source.values for source in value):
        raise ValidationError(f"Give a list of {', '.join(Source.values)}.")
    if sorted(value) != sorted(Source.values):
        raise ValidationError(f"Name each of {', '.join(Source.values)} once.")
    if any(source in MACHINE_SOURCES for source in value[: value.index(Source.PERSON)]):
        raise ValidationError("No machine comes before people: their values are locked against it.")
