"""An export from end to end: which products, in which format, as a stream of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from catalog.exporting.addresses import ALL, NONE, PUBLIC, Addresses, addresses
from catalog.exporting.columns import writing_of
from catalog.exporting.formats import FORMATS, Format
from catalog.exporting.reading import exportable, records
from catalog.interchange.records import ProductRecord
from catalog.models import Catalog, Product

PHOTOS = (ALL, PUBLIC, NONE)


def export_stream(
    *,
    catalog: Catalog,
    format: str,  # noqa: A002 -- the word that addresses and profiles use
    records: Iterable[ProductRecord],
    columns: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    addresses: Addresses | None = None,
) -> Iterator[bytes]:
    """Records as a file, in pieces. `columns` are headers in order, none for all of them.

    A file that holds photos itself needs the `addresses` by which the records name them.
    """
    form = FORMATS[format]
    chosen = options or {}
    writing = writing_of(
        catalog,
        form,
        columns=columns,
        options={name: value for name, value in chosen.items() if isinstance(value, str)},
        approved_only=bool(chosen.get("approved_only", True)),
        addresses=addresses,
    )
    return form.write(records, writing)


def filename(catalog: Catalog, form: Format) -> str:
    """A name that says of which catalogue it is, for whom and of what day."""
    day = timezone.localdate().isoformat()
    stem = "-".join((slugify(catalog.name) or catalog.slug, form.name, day))
    return f"{stem}.{form.extension}"


@dataclass(frozen=True)
class Export:
    """What somebody wants to have exported, and how.

    `photos` is PUBLIC, ALL or NONE; `base` this site's address, without a slash at its end.
    `options` are choices of the format by name.
    """

    catalog: Catalog
    form: Format
    columns: tuple[str, ...] = ()
    approved_only: bool = True
    photos: str = ALL
    base: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def products(self, chosen: QuerySet[Product]) -> QuerySet[Product]:
        """Those of the chosen products that go out."""
        return exportable(chosen, approved_only=self.approved_only)

    def stream(self, chosen: QuerySet[Product]) -> Iterator[bytes]:
        """The file, in pieces. Nothing is read before the first is asked for."""
        named = self.form.files() if self.form.files else addresses(self.photos, self.base)
        found = records(
            self.catalog,
            chosen,
            approved_only=self.approved_only,
            kept=self.form.kept,
            addresses=named,
        )
        yield from export_stream(
            catalog=self.catalog,
            format=self.form.name,
            records=found,
            columns=self.columns,
            options={**self.options, "approved_only": self.approved_only},
            addresses=named,
        )

    @property
    def filename(self) -> str:
        return filename(self.catalog, self.form)
