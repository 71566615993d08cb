"""What a typed word may have been meant to be: words it is part of, words it misspells."""

from __future__ import annotations

from catalog.textsearch.backend import TextIndex
from catalog.textsearch.normalise import singulars

MIN_PART = 3
MIN_WORD = 4
CANDIDATES = 4000
EXPANSIONS = 40

# One slip in a word, two in a long one. Among short words, another letter in the place of one makes
# another word (boot, boat) more often than a typing error, and so does another first letter.
TWO_SLIPS_FROM = 9
REPLACED_FROM = 6
UNFINISHED = 0.9
UNFINISHED_FROM = 6


def completions(index: TextIndex, *, catalog_id: int, part: str) -> list[str]:
    """Words of the catalogue that contain `part` anywhere, shortest first."""
    if len(part) < MIN_PART:
        return []
    words = index.words_with(catalog_id=catalog_id, part=part, limit=CANDIDATES)
    return sorted(words, key=lambda word: (len(word), word))[:EXPANSIONS]


def corrections(
    index: TextIndex, *, catalog_id: int, word: str, unfinished: bool
) -> dict[str, float]:
    """Words of the catalogue that `word` may misspell, with their similarity (0..1), best first.

    `unfinished` also compares it with the beginnings of longer words. Empty for words that the
    catalogue knows, for short words and for numbers.
    """
    if len(word) < MIN_WORD or not word.isalpha():
        return {}
    longest = 1000 if unfinished and len(word) >= UNFINISHED_FROM else len(word) + 3
    near = index.words_near(catalog_id=catalog_id, word=word, longest=longest, limit=CANDIDATES)
    mine = singulars(word)
    if any(mine & singulars(each) for each in near):
        return {}
    found = {each: similarity(word, each, unfinished=unfinished) for each in near}
    best = sorted((each for each in found.items() if each[1]), key=lambda each: (-each[1], each[0]))
    return dict(best[:EXPANSIONS])


def similarity(word: str, other: str, *, unfinished: bool = False) -> float:
    """How well `other` explains `word` as a misspelling: 0 for not at all, below 1 otherwise."""
    best = max(_similarity(word, each) for each in singulars(other))
    if unfinished and len(word) >= UNFINISHED_FROM and len(other) > len(word):
        for end in range(len(word) - 1, min(len(word) + 2, len(other))):
            if other[end - 1] == word[-1]:
                best = max(best, UNFINISHED * _similarity(word, other[:end]))
    return best


def _similarity(word: str, other: str) -> float:
    from rapidfuzz.distance import OSA  # 30 ms that not every command's start has to pay

    slips = 2 if len(word) >= TWO_SLIPS_FROM else 1
    distance = OSA.distance(word, other, score_cutoff=slips)
    if distance > slips or not _plausible(word, other):
        return 0.0
    return 1 - distance / max(len(word), len(other))


def _plausible(word: str, other: str) -> bool:
    if word[0] != other[0] and word[:2] != other[1::-1]:
        return len(word) >= TWO_SLIPS_FROM and word[1:] == other[1:]
    return len(word) >= REPLACED_FROM or len(word) != len(other) or sorted(word) == sorted(other)
