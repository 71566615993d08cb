"""What a database's text index answers, and which index this database has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from django.db import NotSupportedError, connection


class Lexeme(NamedTuple):
    text: str
    prefix: bool = False


# A query: every clause must be met, a clause by any of its lexemes.
Clauses = Sequence[Sequence[Lexeme]]


class Restriction(NamedTuple):
    """A subquery that selects the ids of the products that may be found."""

    sql: str
    params: tuple[object, ...]


class TextIndex(Protocol):
    """The text index of a database. Deleted products are never found."""

    def documents(
        self, *, catalog_id: int, clauses: Clauses, restriction: Restriction | None, limit: int
    ) -> list[tuple[int, str]]:
        """(product id, document) of the newest products that meet all clauses."""

    def words_with(self, *, catalog_id: int, part: str, limit: int) -> list[str]:
        """Words of the catalogue that contain `part`, which has 3 letters or more."""

    def words_near(self, *, catalog_id: int, word: str, longest: int, limit: int) -> list[str]:
        """Words of the catalogue, of at most `longest` letters, that share a trigram with `word`.

        A word's first two and last two letters count as trigrams.
        """


def text_index() -> TextIndex:
    """The index of the database in use. Raises NotSupportedError where there is none for it."""
    from catalog.textsearch import postgres, sqlite

    indexes: dict[str, TextIndex] = {
        "sqlite": sqlite.SqliteIndex(),
        "postgresql": postgres.PostgresIndex(),
    }
    if connection.vendor not in indexes:
        raise NotSupportedError(
            f"Search by words has no index for {connection.vendor}: use SQLite or PostgreSQL."
        )
    return indexes[connection.vendor]
