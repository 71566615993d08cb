"""Rows of the imports' own tables, written by the hundred."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from catalog.models import ImportItem, ImportPhoto

R = TypeVar("R", ImportItem, ImportPhoto)


def rows_save(rows: Sequence[R], fields: Collection[str]) -> None:
    """Write these columns of rows that are there, which were read whole.

    `bulk_update` builds an expression for each value of each row, and takes several times as long.
    """
    if rows:
        type(rows[0]).objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["pk"], update_fields=fields
        )
