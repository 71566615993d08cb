"""The vocabulary that is shipped, and the forms of its files."""

from __future__ import annotations

from catalog.vocabulary.reading import DEFAULT, read, vocabulary_of
from catalog.vocabulary.source import (
    SourceAttribute,
    SourceCategory,
    SourceTerm,
    SourceVocabulary,
    VocabularyFileError,
)

__all__ = [
    "DEFAULT",
    "SourceAttribute",
    "SourceCategory",
    "SourceTerm",
    "SourceVocabulary",
    "VocabularyFileError",
    "read",
    "vocabulary_of",
]
