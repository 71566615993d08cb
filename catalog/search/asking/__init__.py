"""Questions in the search box, such as "which leather bags under 80 lack a material?".

A question is read by rules at once, and where these leave something over, by the language model if
there is one; what that read is remembered for a day. Whoever reads it, it becomes words and filters
that the page shows and lets people take away.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from catalog import selectors
from catalog.models import Catalog
from catalog.search.asking import model, rules
from catalog.search.asking.reading import MODEL, RULES, Part, Reading
from prodintel.lib.optional_cache import CACHE
from prodintel.llm.gateway import gateway
from prodintel.llm.types import LanguageModelError

REMEMBERED_SECONDS = 86_400.0
# So long a model that did not answer is not asked the same again.
REST_SECONDS = 60.0

__all__ = ["MODEL", "RULES", "Part", "Reading", "question_ask", "question_read", "worth_asking"]


def question_read(catalog: Catalog, text: str) -> Reading | None:
    """What the text is read as, without asking a model now; None where it is a plain search."""
    if not rules.may_be_question(text, catalog.language) or _is_title(catalog, text):
        return None
    read = rules.read(catalog, text)
    if read is None:
        return None
    known = CACHE.get(_key(catalog, text))
    return known if isinstance(known, Reading) else read


def worth_asking(reading: Reading) -> bool:
    """Whether a model might read more of the question than was read."""
    return reading.by == RULES and not reading.is_whole and gateway().is_configured()


def question_ask(catalog: Catalog, reading: Reading, *, user_id: int | None) -> Reading:
    """The question as the language model reads it, or as it was, with a note of why it stays so."""
    if not worth_asking(reading):
        return reading
    try:
        better, seconds = model.read(catalog, reading, user_id=user_id), REMEMBERED_SECONDS
    except LanguageModelError as error:
        note = f"{reading.note} Read by rules: {error}".strip()
        better, seconds = replace(reading, note=note, is_whole=True), REST_SECONDS
    CACHE.set(_key(catalog, reading.question), better, seconds)
    return better


def _key(catalog: Catalog, text: str) -> str:
    digest = hashlib.sha256(f"{catalog.currency}:{text}".encode()).hexdigest()
    return f"asking:{catalog.pk}:{digest}"


def _is_title(catalog: Catalog, text: str) -> bool:
    return selectors.products_in(catalog).filter(title__iexact=text).exists()
