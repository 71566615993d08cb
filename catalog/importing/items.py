"""Rows of the imports' own tables, written by the hundred."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from catalog.models import ImportItem


def items_save(items: Sequence[ImportItem], fields: Collection[str]) -> None:
    """Write these columns of items that are there, which were read whole.

    `bulk_update` builds an expression for each value of each row, and takes several times as long.
    """
    ImportItem.objects.bulk_create(
        items, update_conflicts=True, unique_fields=["pk"], update_fields=fields
    )
