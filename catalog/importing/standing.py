"""How products stand, as an import keeps it: by that it is undone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from catalog.approval.content import contents
from catalog.models import ForeignCells, Product

# Beside what a shopper sees: the status, and the cells of the file's format by variant ("" for the
# product's own).
STATUS, CELLS = "status", "cells"


def standing(product_ids: Collection[int], file_format: str) -> dict[int, dict[str, Any]]:
    """Contents of products by their ids, with their status and kept cells."""
    found = contents(product_ids)
    statuses = Product.objects.filter(pk__in=product_ids).values_list("pk", "status")
    for pk, status in statuses:
        found[pk][STATUS] = status
        found[pk][CELLS] = {}
    for cells in ForeignCells.objects.filter(product__in=product_ids, format=file_format):
        found[cells.product_id][CELLS][str(cells.variant_id or "")] = cells.cells
    return found
