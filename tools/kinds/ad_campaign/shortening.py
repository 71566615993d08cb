"""Cutting a text to what a channel allows, without breaking a word or a character."""

from __future__ import annotations

import re

from prodintel.lib.graphemes import graphemes
from tools.counting import Counted, length

# A text this long is cut at the end of a sentence where that keeps most of it.
LONG = 120
KEPT_BY_A_SENTENCE = 0.6
# The last three are the full-width stop, exclamation and question mark, which no space follows.
SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[\u3002\uff01\uff1f]")
# Words that promise another one.
HANGING = re.compile(
    r"(?:a|an|and|at|but|by|for|from|in|into|of|on|or|the|to|with|your"
    r"|am|auf|aus|bei|das|dem|den|der|des|die|ein|eine|einem|einen|einer|für|im|in|mit|oder|und|von|zu|zum|zur"
    r"|à|au|aux|avec|dans|de|des|du|en|et|la|le|les|ou|par|pour|sans|sur|un|une"
    r"|al|con|del|el|las|los|o|para|por|sin|una|uno|y)",
    re.IGNORECASE,
)


def shorten(text: str, limit: int, counted: Counted) -> str:
    """The beginning of a text that fits: whole sentences or words where there are any.

    Empty only where not even the first character fits.
    """
    if length(text, counted) <= limit:
        return text
    fitting = _beginning(text, limit, counted)
    whole = _whole_words(fitting, text)
    if limit >= LONG and (ends := [match.end() for match in SENTENCE_END.finditer(whole)]):
        sentences = whole[: ends[-1]]
        if len(sentences) >= KEPT_BY_A_SENTENCE * len(fitting):
            return sentences
    return _without_hanging_end(whole) or whole


def cuts_a_word(text: str, short: str) -> bool:
    """Whether this beginning of a text ends within a word, of a script that parts its words."""
    if not short or short == text:
        return False
    last, following = short[-1], text[len(short)]
    return last.isalnum() and following.isalnum() and length(last, "weighted") == 1


def _beginning(text: str, limit: int, counted: Counted) -> str:
    kept, used = [], 0
    for cluster in graphemes(text):
        used += length(cluster, counted)
        if used > limit:
            break
        kept.append(cluster)
    return "".join(kept)


def _whole_words(fitting: str, text: str) -> str:
    following = text[len(fitting) : len(fitting) + 1]
    if following.isspace() or following == "-":
        return fitting.rstrip()
    if "-" in fitting and not re.search(r"\s", fitting):
        return fitting.rpartition("-")[0]
    parts = re.split(r"\s+(?=\S*$)", fitting, maxsplit=1)
    # The script may have no spaces, or the first word alone be too long.
    return parts[0].rstrip() if len(parts) > 1 and parts[0].strip() else fitting


def _without_hanging_end(text: str) -> str:
    while text:
        text = text.rstrip(" \t\n,;:-–—&+/|(")
        before, _, last = text.rpartition(" ")
        if not HANGING.fullmatch(last):
            return text
        text = before
    return text
