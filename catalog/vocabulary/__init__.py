"""The vocabulary that is shipped, and the reader of its file format."""

from __future__ import annotations

from catalog.vocabulary.source import (
    DEFAULT,
    SourceAttribute,
    SourceCategory,
    SourceTerm,
    SourceVocabulary,
    VocabularyFileError,
    read,
)

__all__ = [
    "DEFAULT",
    "SourceAttribute",
    "SourceCategory",
    "SourceTerm",
    "SourceVocabulary",
    "VocabularyFileError",
    "read",
]
