"""The text index on PostgreSQL: GIN indexes on the lexemes and on the trigrams of words."""

from __future__ import annotations

from typing import Any

from django.db import connection

from catalog.textsearch.backend import Clauses, Lexeme, Restriction

# The lexemes go in and are asked for as they are: no parser or dictionary of the server's touches
# them. The materialised step keeps the planner from walking all products backwards to the limit.
_DOCUMENTS = """
    WITH met AS MATERIALIZED (
        SELECT product_id FROM catalog_producttext
        WHERE catalog_lexemes(words) @@ %s::tsquery AND catalog_id = %s
    ), newest AS MATERIALIZED (
        SELECT p.id FROM met JOIN catalog_product AS p ON p.id = met.product_id
        WHERE p.deleted_at IS NULL {restriction}
        ORDER BY p.id DESC LIMIT %s
    )
    SELECT t.product_id, t.document
    FROM newest JOIN catalog_producttext AS t ON t.product_id = newest.id
    ORDER BY t.product_id DESC
"""
_WORDS = """
    SELECT DISTINCT word FROM catalog_catalogword
    WHERE word LIKE ANY(%s) AND catalog_id = %s AND length(word) <= %s
    LIMIT %s
"""
_ANY_LENGTH = 1000


class PostgresIndex:
    def documents(
        self, *, catalog_id: int, clauses: Clauses, restriction: Restriction | None, limit: int
    ) -> list[tuple[int, str]]:
        only = f"AND p.id IN ({restriction.sql})" if restriction else ""
        params: list[Any] = [
            _tsquery(clauses),
            catalog_id,
            *(restriction.params if restriction else ()),
            limit,
        ]
        with connection.cursor() as cursor:
            cursor.execute(_DOCUMENTS.format(restriction=only), params)
            return cursor.fetchall()

    def words_with(self, *, catalog_id: int, part: str, limit: int) -> list[str]:
        return self._words([f"%{part}%"], catalog_id, _ANY_LENGTH, limit)

    def words_near(self, *, catalog_id: int, word: str, longest: int, limit: int) -> list[str]:
        middle = [f"%{word[i : i + 3]}%" for i in range(len(word) - 2)]
        patterns = [f"{word[:2]}%", *middle, f"%{word[-2:]}"]
        return self._words(patterns, catalog_id, longest, limit)

    def _words(self, patterns: list[str], catalog_id: int, longest: int, limit: int) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(_WORDS, [patterns, catalog_id, longest, limit])
            return [word for (word,) in cursor.fetchall()]


def _tsquery(clauses: Clauses) -> str:
    def quoted(lexeme: Lexeme) -> str:
        text = lexeme.text.replace("\\", "\\\\").replace("'", "''")
        return f"'{text}':*" if lexeme.prefix else f"'{text}'"

    return " & ".join(f"({' | '.join(map(quoted, clause))})" for clause in clauses)
