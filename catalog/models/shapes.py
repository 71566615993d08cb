"""What JSON columns of the vocabulary and of products may hold. Whoever reads them relies on it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

MAX_LABELS = 40
MAX_LANGUAGE = 20
MAX_PROMPTS = 40
MAX_TAGS = 100
MAX_TEXT = 200

ATTRIBUTE_KEY = RegexValidator(
    r"\A[a-z0-9_-]+\Z", "Use small letters a to z, digits, hyphens and underscores."
)


def check_labels(value: Any) -> None:
    """Refuse what is no object of languages and texts such as {"en": "Mugs"}."""
    if not isinstance(value, dict):
        raise ValidationError('Give one label a language, such as {"en": "Mugs"}.')
    if len(value) > MAX_LABELS:
        raise ValidationError(f"Give at most {MAX_LABELS} languages.")
    for language, label in value.items():
        if not _is_text(language) or not language or len(language) > MAX_LANGUAGE:
            raise ValidationError("Use language tags such as en.")
        if not _is_text(label) or len(label) > MAX_TEXT:
            raise ValidationError(f"A label is text of at most {MAX_TEXT} characters.")


def check_prompts(value: Any) -> None:
    """Refuse what is no list of a few short texts."""
    _check_texts(value, MAX_PROMPTS, 'Give a list of texts, such as ["a mug", "a cup"].')


def check_tags(value: Any) -> None:
    """Refuse what is no list of short texts."""
    _check_texts(value, MAX_TAGS, 'Give a list of texts, such as ["summer", "sale"].')


def _check_texts(value: Any, most: int, message: str) -> None:
    if not isinstance(value, list) or not all(_is_text(text) and text.strip() for text in value):
        raise ValidationError(message)
    if len(value) > most:
        raise ValidationError(f"Give at most {most}.")
    if any(len(text) > MAX_TEXT for text in value):
        raise ValidationError(f"Use at most {MAX_TEXT} characters each.")


def _is_text(value: Any) -> bool:
    """Whether every database can keep it: text without NUL and without halves of pairs."""
    if not isinstance(value, str) or "\x00" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
