"""What the starter's text half reads in a query besides its meaning.

Colour words go to the colour part. Prompt words ("a photo of a ...") carry nothing and are left
out, so that a prompt and its noun are the same vector.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prodintel.engine.starter.colours import COLOUR_WORDS, text_vector
from prodintel.engine.starter.layout import COLOURS

_PICTURES = ("photo", "picture", "image", "product photo", "photograph", "close up")
_SHADES = ("bright", "light", "dark", "pale", "deep")
_ARTICLES = ("a", "an", "the", "some")
_FILLERS = ("a", "an", "the", "and", "colour", "color", "coloured", "colored", "thing", "something")


@dataclass(frozen=True)
class Phrase:
    """A sequence of token ids, what colour it means, and whether it stays in the meaning."""

    tokens: tuple[int, ...]
    colour: tuple[float, ...]
    kept: bool


def _prompts() -> list[str]:
    heads = [f"{article}{picture} of" for picture in _PICTURES for article in ("", "a ", "the ")]
    return [f"{head} {article}" for head in heads for article in _ARTICLES] + heads


def phrases(tokenize: Callable[[str], list[int]]) -> list[Phrase]:
    """All phrases, the longest first; ``tokenize`` gives the ids of a text without markers."""
    nothing = (0.0,) * COLOURS
    found = [Phrase(tuple(tokenize(text)), nothing, kept=False) for text in _prompts()]
    for text, (vector, kept) in _colour_texts().items():
        found.append(Phrase(tuple(tokenize(text)), tuple(vector), kept))
    return sorted(found, key=lambda phrase: -len(phrase.tokens))


def _colour_texts() -> dict[str, tuple[list[float], bool]]:
    """Every way to say a colour, its vector, and whether it says more than the colour."""
    texts: dict[str, tuple[list[float], bool]] = {}
    for word in COLOUR_WORDS:
        vector = text_vector(word)
        shaded = [f"{shade} {word.phrase}" for shade in _SHADES if " " not in word.phrase]
        if word.also_a_thing:
            vector = [weight / 2 for weight in vector]
            shaded = []
        for text in (word.phrase, word.phrase.replace(" ", "-")):
            texts[text] = (vector, word.also_a_thing)
        for text in shaded:
            texts.setdefault(text, (vector, False))
    return texts


def fillers(tokenize: Callable[[str], list[int]]) -> list[int]:
    """Ids of words that are no meaning of their own next to a colour ("something red")."""
    return sorted({token for word in _FILLERS for token in tokenize(word)})
