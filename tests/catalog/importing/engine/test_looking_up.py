"""Steps of an import take as long in a large catalogue as in a small one: nothing reads all of it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.importing.applying import _next
from catalog.importing.known import Known
from catalog.interchange.records import ProductRecord, VariantRecord

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL keeps statistics, by which it plans"
)


def plans(captured) -> list[str]:
    """How SQLite, which has no statistics, carries out these queries."""
    found = []
    with connection.cursor() as cursor:
        for query in list(captured):
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            found.append(" ".join(row[3] for row in cursor.fetchall()))
    return found


def test_products_are_found_by_the_indexes_of_what_names_them(catalog):
    codes = [{"sku": f"M-{n}", "gtin": f"400638133393{n % 10}"} for n in range(50)]
    records = [
        ProductRecord(fields={"handle": f"mug-{n}"}, variants=[VariantRecord(fields=fields)])
        for n, fields in enumerate(codes)
    ]
    with CaptureQueriesContext(connection) as captured:
        Known(catalog, records)
    by_sku, by_gtin, by_handle = plans(captured)
    assert "sku_unique_in_catalog (catalog_id=? AND sku=?)" in by_sku
    assert "variant_gtin (catalog_id=? AND gtin=?)" in by_gtin
    assert "(handle=?)" in by_handle


def test_next_items_are_read_in_the_order_of_an_index(shop):
    source = shop.preview([{"Title": "Mug", "SKU": "M1"}])
    with CaptureQueriesContext(connection) as captured:
        assert len(_next(source)) == 1
    for plan in plans(captured):
        assert "import_item_state" in plan
        assert "B-TREE" not in plan
