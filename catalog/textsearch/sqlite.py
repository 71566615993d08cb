"""The text index on SQLite: FTS5 tables that triggers keep current."""

from __future__ import annotations

from typing import Any

from django.db import connection

from catalog.textsearch.backend import Clauses, Lexeme, Restriction

# CROSS JOIN fixes the order: without statistics the planner may start from the products.
_DOCUMENTS = """
    SELECT t.product_id, t.document
    FROM catalog_producttext_fts
    CROSS JOIN catalog_producttext AS t ON t.product_id = catalog_producttext_fts.rowid
    CROSS JOIN catalog_product AS p ON p.id = t.product_id
    WHERE catalog_producttext_fts MATCH %s
      AND t.catalog_id = %s AND p.deleted_at IS NULL {restriction}
    ORDER BY catalog_producttext_fts.rowid DESC LIMIT %s
"""
_WORDS = """
    SELECT DISTINCT w.word
    FROM catalog_catalogword_fts
    CROSS JOIN catalog_catalogword AS w ON w.id = catalog_catalogword_fts.rowid
    WHERE catalog_catalogword_fts MATCH %s AND w.catalog_id = %s AND length(w.word) <= %s
    LIMIT %s
"""
_ANY_LENGTH = 1000


class SqliteIndex:
    def documents(
        self, *, catalog_id: int, clauses: Clauses, restriction: Restriction | None, limit: int
    ) -> list[tuple[int, str]]:
        only = f"AND p.id IN ({restriction.sql})" if restriction else ""
        params: list[Any] = [
            _match(clauses),
            catalog_id,
            *(restriction.params if restriction else ()),
            limit,
        ]
        with connection.cursor() as cursor:
            cursor.execute(_DOCUMENTS.format(restriction=only), params)
            return cursor.fetchall()

    def words_with(self, *, catalog_id: int, part: str, limit: int) -> list[str]:
        trigrams = [f'"{part[i : i + 3]}"' for i in range(len(part) - 2)]
        words = self._words(" AND ".join(trigrams), catalog_id, _ANY_LENGTH, limit)
        return [word for word in words if part in word]

    def words_near(self, *, catalog_id: int, word: str, longest: int, limit: int) -> list[str]:
        marked = f"^{word}$"
        trigrams = [f'"{marked[i : i + 3]}"' for i in range(len(marked) - 2)]
        return self._words(" OR ".join(trigrams), catalog_id, longest, limit)

    def _words(self, match: str, catalog_id: int, longest: int, limit: int) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(_WORDS, [match, catalog_id, longest, limit])
            return [word for (word,) in cursor.fetchall()]


def _match(clauses: Clauses) -> str:
    def quoted(lexeme: Lexeme) -> str:
        text = lexeme.text.replace('"', '""')
        return f'"{text}" *' if lexeme.prefix else f'"{text}"'

    return " AND ".join(f"({' OR '.join(map(quoted, clause))})" for clause in clauses)
