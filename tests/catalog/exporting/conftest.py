"""A small shop whose products go out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.exporting import FORMATS, export_stream, records
from catalog.interchange.records import ProductRecord
from catalog.models import Catalog, LedgerEntry, Placement, Product, ProductStatus, Source
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.products import product_add_photos
from catalog.services.statuses import products_set_status
from tests.catalog.colours import staged


@pytest.fixture
def approve(person: Any) -> Callable[..., int]:
    def act(*products: Product) -> int:
        rows = list(Product.objects.filter(pk__in=[each.pk for each in products]))
        return products_set_status(products=rows, status=ProductStatus.APPROVED, actor=person)

    return act


@pytest.fixture
def mug(make_product: Callable[..., Product], vocabulary: Any, person: Any) -> Product:
    """A product with something in every place that a record has."""
    made = make_product(
        "Mug",
        description="Holds tea.\n\nAnd coffee; both.",
        brand="Ida",
        tags=["tea; green", "cup"],
        product_url="https://shop.example/mug",
        variants=[
            {
                "sku": "M-1",
                "gtin": "04006381333931",
                "price": "12.5",
                "compare_at_price": "15",
                "weight_grams": 300,
                "option1_name": "Size",
                "option1_value": "S",
            },
            {"sku": "M-2", "price": "14", "option1_name": "Size", "option1_value": "L"},
        ],
    )
    for field, value in (
        ("category", "home/kitchen/mugs"),
        ("color", ["red", "blue"]),
        ("height", 24),
        ("organic", True),
    ):
        attribute_set(product=made, field=field, value=value, actor=person)
    attribute_set(product=made, field="composition", value="Ton", actor=person, locale="de")
    large = made.variants.get(sku="M-2")
    attribute_set(product=made, variant=large, field="color", value=["green"], actor=person)
    return made


@pytest.fixture
def exported(catalog: Catalog) -> Callable[..., bytes]:
    """All products of the catalogue as a file."""

    def made(form: str, *, approved_only: bool = False, **options: Any) -> bytes:
        found = records(
            catalog,
            Product.objects.alive().filter(catalog=catalog),
            approved_only=approved_only,
            kept=FORMATS[form].kept,
            addresses=options.pop("addresses", None),
        )
        pieces = export_stream(
            catalog=catalog,
            format=form,
            records=found,
            columns=options.pop("columns", ()),
            options={**options, "approved_only": approved_only},
        )
        return b"".join(pieces)

    return made


@pytest.fixture
def record_of(catalog: Catalog) -> Callable[..., ProductRecord]:
    """A product as a record."""

    def made(product: Product, **options: Any) -> ProductRecord:
        found = Product.objects.filter(pk=product.pk)
        (record,) = records(catalog, found, **{"approved_only": False, **options})
        return record

    return made


@pytest.fixture
def guess_of() -> Callable[..., LedgerEntry]:
    """The vision model's word on a field of a product."""

    def said(product: Product, field: str, value: list) -> LedgerEntry:
        words = MachineValue(field, value, 0.9)
        machine_values_record(said={product: [words]}, source=Source.VISION_LLM, model="m")
        return LedgerEntry.objects.latest("pk")

    return said


@pytest.fixture
def make_photos(person: Any) -> Callable[..., list[Placement]]:
    """Puts so many further photos on a product."""

    def made(product: Product, count: int) -> list[Placement]:
        photos = [staged("green", mark=900 + number) for number in range(count)]
        return product_add_photos(product=product, photos=photos, actor=person)

    return made
