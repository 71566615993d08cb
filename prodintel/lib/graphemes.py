"""What one sees as one character, and texts cut between them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

JOINER = "\u200d"
SELECTORS = frozenset("\ufe0e\ufe0f")
SKIN_TONES = range(0x1F3FB, 0x1F400)
FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_LAST_WORD = re.compile(r"\s+\S*\Z")


def graphemes(text: str) -> Iterator[str]:
    """What one sees as one character: with its accents, as an emoji with its parts, as a flag."""
    cluster = ""
    for character in text:
        if cluster and not _continues(cluster, character):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _continues(cluster: str, character: str) -> bool:
    if cluster == "\r":
        return character == "\n"
    if character == JOINER or character in SELECTORS or cluster[-1] == JOINER:
        return True
    if unicodedata.category(character) in ("Mn", "Me", "Mc") or ord(character) in SKIN_TONES:
        return True
    return ord(character) in FLAG_LETTERS and len(cluster) == 1 and ord(cluster) in FLAG_LETTERS


def cut(text: str, limit: int) -> str:
    """The beginning of a text in at most `limit` code points: whole words where there are any."""
    if len(text) <= limit:
        return text
    kept, used = [], 0
    for cluster in graphemes(text):
        used += len(cluster)
        if used > limit:
            break
        kept.append(cluster)
    beginning = "".join(kept)
    if text[len(beginning)].isspace():
        return beginning.rstrip()
    words = _LAST_WORD.sub("", beginning)
    # The script may have no spaces, or the first word alone be too long.
    return words.rstrip() if words.strip() and words != beginning else beginning
