"""Files brought, and the work on imports done by hand."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from catalog.importing.services import (
    import_create,
    import_map,
    import_preview,
    import_start,
    import_undo,
)
from catalog.ingest.jobs import IMPORT_KINDS, job_step
from catalog.models import Catalog, Import
from catalog.uploads.services import upload_store

TARGETS = {
    "Handle": "product.handle",
    "Title": "product.title",
    "Description": "product.description",
    "Brand": "product.brand",
    "Tags": "product.tags",
    "Status": "product.status",
    "SKU": "variant.sku",
    "GTIN": "variant.gtin",
    "Price": "variant.price",
    "Cost": "variant.cost",
    "Weight": "variant.weight_grams",
    "Size name": "variant.option1_name",
    "Size": "variant.option1_value",
    "Category": "attribute.category",
    "Material": "attribute.material",
    "Color": "attribute.color",
    "Composition": "attribute.composition",
    "Photo": "photo.source",
    "Alt": "photo.alt_text",
}
Rows = Sequence[Mapping[str, Any]]


def csv_bytes(rows: Rows) -> bytes:
    """Rows as a CSV file, its columns those of all rows."""
    headers = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, headers)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def work() -> None:
    """Do what the worker's runner of imports would."""
    while job_step(IMPORT_KINDS, owner="test/1"):
        pass


class Shop:
    """Brings files to a catalogue and has them imported."""

    def __init__(self, catalog: Catalog, person: Any) -> None:
        self.catalog, self.person = catalog, person

    def bring(
        self,
        rows: Rows = (),
        *,
        photos: Mapping[str, bytes] | None = None,
        mapping: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Import:
        table = self._upload("file.csv", csv_bytes(rows)) if rows else None
        archive = self._upload("photos.zip", zip_bytes(photos)) if photos else None
        source = import_create(
            catalog=self.catalog, actor=self.person, name="", table=table, photos=archive
        )
        known = {header: TARGETS[header] for header in source.mapping if header in TARGETS}
        import_map(
            source=source, mapping={**known, **(mapping or {})}, options=options, actor=self.person
        )
        return source

    def _upload(self, name: str, data: bytes) -> Any:
        return upload_store(catalog=self.catalog, actor=self.person, name=name, chunks=[data])

    def preview(self, *args: Any, **options: Any) -> Import:
        source = self.bring(*args, **options)
        import_preview(source=source, actor=self.person)
        work()
        return Import.objects.get(pk=source.pk)

    def run(self, *args: Any, **options: Any) -> Import:
        source = self.preview(*args, **options)
        return self.go_on(source)

    def go_on(self, source: Import) -> Import:
        import_start(source=source, actor=self.person)
        work()
        return Import.objects.get(pk=source.pk)

    def undo(self, source: Import) -> Import:
        import_undo(source=source, actor=self.person)
        work()
        return Import.objects.get(pk=source.pk)


@pytest.fixture
def shop(catalog: Catalog, person: Any, data_dir: Any) -> Shop:
    return Shop(catalog, person)


@pytest.fixture
def messages() -> Callable[[Import], list[str]]:
    """What is wrong with an import's lines."""

    def of(source: Import) -> list[str]:
        return [f"{p.row} {p.field}: {p.message}" for p in source.problems.all()]

    return of
