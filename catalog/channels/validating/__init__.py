"""Files for channels, checked as the channel would: their form line by line, then what they say.

What is known here of the formats is written down anew, and not taken from what writes them: a mistake
there is to be found here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from catalog.channels.validating.offers import google_problems, meta_problems
from catalog.channels.validating.reading import Unreadable
from catalog.channels.validating.shopify import shopify_problems
from catalog.interchange.records import Problem

CHANNELS: Mapping[str, Callable[[Path, str], Iterator[Problem]]] = {
    "google": google_problems,
    "meta": meta_problems,
    "shopify": shopify_problems,
}


def feed_problems(path: Path, channel: str, country: str = "") -> Iterator[Problem]:
    """What is wrong in a file for a channel, as it is read: one that is as large as any will do.

    An "error" is what the channel refuses, a "warning" what it takes and the shop would rather know.
    Without a country nothing is asked that only some countries ask. Raises KeyError for a channel
    that has no checks.
    """
    check = CHANNELS[channel]
    try:
        yield from check(path, country)
    except Unreadable as error:
        yield Problem(error.line, "", str(error))


def validate_feed(path: Path, channel: str, country: str = "") -> list[Problem]:
    """As `feed_problems`, all at once."""
    return list(feed_problems(path, channel, country))
