"""That cells written together leave the same rows as each written by its own service."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from catalog.grid import writing
from catalog.grid.edits import grid_apply, grid_undo
from catalog.models import (
    AuditEvent,
    CatalogWord,
    CurrentAttribute,
    CurrentTerm,
    IndexChange,
    LedgerEntry,
    Placement,
    Product,
    ProductText,
    ProductVersion,
    ReadinessCheck,
    Variant,
)
from catalog.services.changed_many import products_change
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.products import product_update
from catalog.services.statuses import products_set_status
from catalog.services.variants import variant_update

pytestmark = pytest.mark.django_db
ROWS = (Variant, LedgerEntry, CurrentAttribute, CurrentTerm, ReadinessCheck, ProductText)
# What differs between two products that are the same, and when something was done.
OWN = {"id", "catalog", "product", "batch", "entry", "current", "photo", "point", "sequence"}
# By product: for a product, for its variants, and attributes by variant, field and language.
SHIRT, MUG, LAMP, BOWL, DISH = range(5)
CHANGES: list[tuple[int, int | None, str, str]] = [
    (SHIRT, None, "product.title", "Linen shirt"),
    (SHIRT, None, "product.tags", "summer, linen"),
    (SHIRT, None, "attribute.material", "wood"),
    (SHIRT, None, "attribute.composition@de", "Leinen"),
    (SHIRT, 0, "variant.price", "25.00"),
    (SHIRT, 1, "variant.sku", "SHIRT-LARGE"),
    (SHIRT, 1, "attribute.color", "blue"),
    (MUG, None, "product.description", "Holds a pint."),
    (MUG, None, "variant.price", "7.50"),
    (MUG, None, "variant.currency", "USD"),
    (MUG, None, "attribute.category", "home/kitchen/mugs"),
    (MUG, None, "attribute.material", ""),
    (LAMP, None, "product.handle", "a-lamp"),
    (LAMP, None, "variant.availability", "Out of stock"),
    (LAMP, None, "attribute.height", "12"),
    (LAMP, None, "attribute.organic", "Yes"),
    # A column alone, of the product and of its variant.
    (BOWL, None, "product.brand", "Lux"),
    (DISH, None, "variant.mpn", "D-1"),
]
VALUES: dict[str, Any] = {
    "summer, linen": ["summer", "linen"],
    "25.00": Decimal("25.00"),
    "7.50": Decimal("7.50"),
    "Out of stock": "out_of_stock",
    "": None,
}


@pytest.fixture
def stocked(make_catalog, make_product, person, say):
    """Makes a catalogue with five products: four approved, one with variants, machines' words on them."""

    def make() -> list[Product]:
        catalog = make_catalog(owner=person)
        sizes = [
            {"sku": f"SHIRT-{size}", "option1_name": "Size", "option1_value": size} for size in "ML"
        ]
        shirt = make_product("Shirt", catalog=catalog, handle="shirt", variants=sizes)
        mug = make_product("Mug", catalog=catalog, handle="mug", sku="MUG", price=Decimal(5))
        lamp = make_product("Lamp", catalog=catalog, handle="lamp", brand="Lux")
        said = {
            shirt: [
                MachineValue("title", ["Linen shirt"], 0.9),
                MachineValue("color", ["red"], 0.9),
            ],
            mug: [MachineValue("price", ["9"], 0.9), MachineValue("material", ["steel"], 0.9)],
            lamp: [MachineValue("description", ["A lamp."], 0.9)],
        }
        machine_values_record(said=said, source="vision-llm", model="m")
        say(lamp, "height", 10)
        bowl, dish = (make_product(name, catalog=catalog, handle=name) for name in ("bowl", "dish"))
        approved = [shirt, mug, bowl, dish]
        products_set_status(products=approved, status="approved", actor=person)
        ReadinessCheck.objects.update(stale=False)
        IndexChange.objects.all().delete()
        AuditEvent.objects.all().delete()
        return [shirt, mug, lamp, bowl, dish]

    return make


def plan_of(plan, products: list[Product]):
    catalog = products[0].catalog
    cells = []
    for number, sold, column, text in CHANGES:
        variants = list(products[number].variants.order_by("position"))
        row = (
            f"{products[number].pk}-{variants[sold].pk}"
            if sold is not None
            else products[number].pk
        )
        cells.append((str(row), column, text))
    return plan(catalog=catalog, cells=cells)


def written_one_by_one(products: list[Product], actor: Any) -> None:
    for number, sold, column, text in CHANGES:
        product = Product.objects.select_related("catalog").get(pk=products[number].pk)
        variants = list(product.variants.select_related("catalog").order_by("position"))
        level, _, name = column.partition(".")
        value = VALUES.get(text, text)
        if level == "product":
            product_update(product=product, actor=actor, fields={name: value})
        elif level == "variant":
            variant_update(variant=variants[sold or 0], actor=actor, **{name: value})
        else:
            name, _, locale = name.partition("@")
            variant = variants[sold] if sold is not None else None
            attribute_set(
                product=product,
                field=name,
                value=value,
                actor=actor,
                variant=variant,
                locale=locale,
            )


def rows_of(products: list[Product]) -> dict[str, list[Any]]:
    """All that is stored of products, with their numbers in place of ids."""
    ids = [product.pk for product in products]
    variants = list(Variant.objects.filter(product__in=ids).order_by("product", "position"))
    numbers = {row.pk: number for number, row in enumerate(variants)}

    def plain(row: Model) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for column in row._meta.concrete_fields:
            value = getattr(row, column.attname)
            if column.name == "variant":
                value = numbers.get(value)
            elif column.get_internal_type() == "DateTimeField":
                value = value is not None
            if column.name not in OWN:
                found[column.name] = value
        return found

    def of(product: int, model: type[Model]) -> list[dict[str, Any]]:
        return sorted(map(plain, model._default_manager.filter(product=product)), key=repr)

    found: dict[str, list[Any]] = {
        "Product": [plain(Product.objects.get(pk=pk)) for pk in ids],
        "ProductVersion": [ProductVersion.objects.filter(product=pk).count() for pk in ids],
        "outbox": [
            list(
                IndexChange.objects.filter(
                    point__in=Placement.objects.filter(product=pk).values("pk")
                ).values_list("vector", "state")
            )
            for pk in ids
        ],
        "words": sorted(
            CatalogWord.objects.filter(catalog=products[0].catalog)
            .values_list("word", flat=True)
            .distinct()
        ),
    }
    for model in ROWS:
        found[model.__name__] = [of(pk, model) for pk in ids]
    return found


def events_of(products: list[Product]) -> list[tuple]:
    """What the audit trail says of each column: what one service tells together counts as each."""
    found = []
    for number, product in enumerate(products):
        rows = AuditEvent.objects.filter(target_type="product", target_id=product.pk)
        for row in rows.exclude(action__startswith="grid"):
            data = {name: said for name, said in row.data.items() if name != "entry"}
            parts = [data] if row.action == "attribute.set" else [{k: v} for k, v in data.items()]
            found += [
                (number, row.action, row.actor_id, row.catalog_id == product.catalog_id, part)
                for part in parts
            ]
            if row.action == "attribute.set":
                entry = LedgerEntry.objects.get(pk=row.data["entry"])
                assert (entry.product_id, entry.field) == (product.pk, data["field"])
                assert row.summary == f"{data['field']} = {data['value']}"
    return sorted(found, key=repr)


@pytest.fixture
def both_ways(stocked, plan, person):
    """The same changes of the same products: together, and one by one."""
    together, single = stocked(), stocked()
    edit = plan_of(plan, together)
    result = grid_apply(edit=edit, actor=person).result
    assert (result["changed"], result["refused"]) == (len(CHANGES), 0)
    written_one_by_one(single, person)
    return together, single, edit


def test_cells_written_together_leave_the_same_rows_as_written_one_by_one(both_ways):
    together, single, _ = both_ways
    expected = rows_of(single)
    for what, rows in rows_of(together).items():
        assert rows == expected[what], what


def test_the_audit_trail_tells_of_cells_written_together_what_it_tells_of_each(both_ways):
    together, single, _ = both_ways
    assert events_of(together) == events_of(single)


def test_undoing_leaves_the_columns_and_the_attributes_that_stood_there(stocked, plan, person):
    products = stocked()
    before = rows_of(products)
    edit = plan_of(plan, products)
    grid_apply(edit=edit, actor=person)
    result = grid_undo(edit=edit, actor=person).result
    assert (result["changed"], result["left"]) == (len(CHANGES), 0)
    after = rows_of(products)
    for what in ("Product", "Variant", "CurrentAttribute", "CurrentTerm", "ProductText"):
        assert after[what] == before[what]


def test_writing_many_products_takes_as_many_queries_as_some(make_product, plan, person):
    def queries(count: int) -> int:
        products = [make_product(color=None, sku=f"{count}-{n}") for n in range(count)]
        cells = [
            cell
            for n, product in enumerate(products)
            for cell in (
                (str(product.pk), "product.title", f"Title {n}"),
                (str(product.pk), "variant.price", f"{n}.50"),
                (str(product.pk), "attribute.composition", f"Of {n}"),
            )
        ]
        edit = plan(cells=cells)
        with CaptureQueriesContext(connection) as counted:
            grid_apply(edit=edit, actor=person)
        return len(counted)

    queries(2)  # the first time some things are looked up for good
    assert queries(12) == queries(4)


def test_a_row_that_the_checks_refuse_does_no_harm_to_the_others(make_product, plan, person):
    mug, lamp = make_product("Mug"), make_product("Lamp")
    Product.objects.filter(pk=mug.pk).update(product_url="no address")
    edit = plan(
        cells=[
            (str(mug.pk), "product.title", "Red mug"),
            (str(mug.pk), "product.product_url", "https://shop.example/mug"),
            (str(lamp.pk), "product.title", "Red lamp"),
            (str(mug.pk), "variant.price", "3"),
        ]
    )
    Product.objects.filter(pk=lamp.pk).update(product_url="none either")
    result = grid_apply(edit=edit, actor=person).result
    assert (result["changed"], result["refused"]) == (3, 1)
    mug.refresh_from_db()
    lamp.refresh_from_db()
    assert (mug.title, lamp.title) == ("Red mug", "Lamp")
    (refused,) = edit.changes.get(product=lamp).outcomes
    assert "valid URL" in refused


@pytest.mark.parametrize(
    ("column", "text", "message"),
    [
        ("variant.sku", "TAKEN", "has this SKU"),
        ("product.handle", "taken", "has this handle"),
    ],
)
def test_what_another_product_took_since_the_plan_is_refused(
    make_product, plan, person, column, text, message
):
    mug, lamp = make_product("Mug"), make_product("Lamp")
    edit = plan(cells=[(str(mug.pk), column, text), (str(lamp.pk), column, f"{text}-2")])
    make_product("Other", sku="TAKEN", handle="taken")
    result = grid_apply(edit=edit, actor=person).result
    assert (result["changed"], result["refused"]) == (1, 1)
    assert message in edit.changes.get(product=mug).outcomes[0]
    assert edit.changes.get(product=lamp).outcomes == ["done"]


def test_what_somebody_takes_in_the_same_moment_stops_no_other_cell(
    make_product, plan, person, monkeypatch
):
    mug, lamp = make_product("Mug"), make_product("Lamp")
    edit = plan(
        cells=[
            (str(mug.pk), "variant.sku", "NEW"),
            (str(lamp.pk), "product.title", "Red lamp"),
            (str(lamp.pk), "attribute.composition", "Brass"),
        ]
    )

    def taken(*, changes: Any, **rest: Any) -> Any:
        refusals = products_change(changes=changes, **rest)
        if changes:
            raise IntegrityError("UNIQUE constraint failed: catalog_variant.sku")
        return refusals

    monkeypatch.setattr(writing, "products_change", taken)
    result = grid_apply(edit=edit, actor=person).result
    assert (result["changed"], result["refused"]) == (3, 0)
    assert Variant.objects.get(product=mug).sku == "NEW"
    lamp.refresh_from_db()
    assert lamp.title == "Red lamp"
    assert LedgerEntry.objects.filter(product=lamp, field="composition").count() == 1
