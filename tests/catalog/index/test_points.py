"""Reading points from the database."""

from __future__ import annotations

import pytest

from catalog.index.points import visible


@pytest.mark.sqlite
@pytest.mark.django_db
def test_placements_are_looked_up_by_their_ids_and_not_by_what_nearly_all_have():
    # An index of `deleted_at` would do for a database that was never analysed: all rows, each time.
    plan = visible().filter(pk__in=range(1, 500)).select_related("product__catalog").explain()
    assert "SEARCH catalog_placement USING INTEGER PRIMARY KEY" in plan
    assert "deleted" not in plan
