"""Rankings that are kept for a while, so that the pages of an answer continue one list."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace

from catalog.models import Catalog
from catalog.search.query import Query
from catalog.search.ranking import Ranking, rank
from prodintel.lib.optional_cache import CACHE, RANKINGS

RANKING_SECONDS = 300


def ranking_of(
    catalog: Catalog, query: Query, *, user_id: int | None, token: str, fresh: bool
) -> Ranking:
    """The order of an answer: a new one, or unless `fresh` the one that was kept.

    `token` names one of the user's own rankings of this very query; without it the latest is taken.
    A ranking that lacks a part of the search is not kept, and has no token.
    """
    asked = f"{user_id}:{query.key(catalog.pk)}"
    latest = f"ranking:{asked}"
    if not fresh:
        token = token or CACHE.get(latest, "")
        kept: Ranking | None = RANKINGS.get(_key(asked, token)) if token else None
        if kept is not None:
            return kept
    made = rank(catalog, query)
    if made.notice:
        # Nor do its later pages continue what was kept before.
        CACHE.delete(latest)
        return made
    made = replace(made, token=secrets.token_urlsafe(9))
    # Whoever reads it back waits for neither the encoder nor the index.
    RANKINGS.set(
        _key(asked, made.token), replace(made, encode_ms=0.0, index_ms=0.0), RANKING_SECONDS
    )
    CACHE.set(latest, made.token, RANKING_SECONDS)
    return made


def _key(asked: str, token: str) -> str:
    return hashlib.sha256(f"{asked}:{token}".encode()).hexdigest()
