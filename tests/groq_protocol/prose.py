"""Markdown as a model writes it: a heading, paragraphs, a list, and the sources it was given."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice

from tests.groq_protocol.answers import WORDS, colour_name, look, sources


def prose(images: Sequence[bytes], text: str, tokens: int) -> list[str]:
    """`tokens` pieces of text in Markdown, about the first photo where there is one."""
    subject = f"A {colour_name(look(images[0])[1])} thing" if images else "An answer"
    return list(islice(_pieces(subject, text), tokens))


def _pieces(subject: str, text: str) -> Iterator[str]:
    seed = int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4])
    words = _words(seed)
    cited = _cited(sources(text))
    yield from ("## ", subject, "\n\n", f"**{subject}**", " to", " what", " was", " asked")
    yield from (next(cited), ".\n\n")
    while True:
        for _ in range(3):
            yield from ("- ", f"**{next(words)}**:", *_said(words, 3), next(cited), "\n")
        yield "\n"
        for _ in range(2):
            yield from (next(words).capitalize(), *_said(words, 8), next(cited), ". ")
        yield from ("\n\n", "### ", next(words).capitalize(), "\n\n")


def _words(seed: int) -> Iterator[str]:
    number = 0
    while True:
        yield WORDS[(seed + number * 7) % len(WORDS)]
        number += 1


def _said(words: Iterator[str], count: int) -> list[str]:
    return [f" {next(words)}" for _ in range(count)]


def _cited(keys: Sequence[str]) -> Iterator[str]:
    """What stands at the end of a sentence: each source in turn, and now and then none."""
    number = 0
    while True:
        without = not keys or number % 4 == 3
        yield "" if without else f" [{keys[number % len(keys)]}]"
        number += 1
