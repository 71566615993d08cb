"""Search by words on the database itself: SQLite's FTS5, or PostgreSQL's GIN indexes.

A product's text is written with the product (`documents`), both cut into lexemes in the same way
(`normalise`). A search collects candidates from the database's index (`backend`, `sqlite`,
`postgres`) and judges them in Python (`scoring`), so that both databases give the same answers.
"""

from catalog.textsearch.scoring import TextMatch
from catalog.textsearch.search import search_text

__all__ = ["TextMatch", "search_text"]
