"""Rows that writers of the same thing hold one after the other, inside their transactions.

SQLite lets one transaction write at a time anyway. Not the strictest kind of lock: rows that only
refer to the locked one can still be added, so that no two transactions wait for each other.
"""

from __future__ import annotations

from django.db.models import Model


def lock_row(row: Model) -> None:
    """Hold the row until the transaction ends; what was read of others before may be outdated."""
    rows = type(row)._default_manager.filter(pk=row.pk).order_by()  # noqa: SLF001 -- Django's API
    rows.select_for_update(no_key=True).values_list("pk", flat=True).first()
