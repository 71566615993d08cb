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
from catalog.exporting.formats import FORMATS, Format, Writing
from catalog.exporting.reading import exportable, records
from catalog.interchange.records import ProductRecord
from catalog.models import Catalog, Product

PHOTO_CHOICES = {
    PUBLIC: "Addresses that anybody can open",
    ALL: "All; others than those ask for a login here",
    NONE: "No photos",
}
APPROVED_ONLY, PHOTOS = "approved_only", "addresses"
MOST_COLUMNS = 2000


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

    `photos` says which addresses photos have: PUBLIC, ALL or NONE; `base` is this site's, without a
    slash at its end. `options` are choices of the format by name.
    """

    catalog: Catalog
    form: Format
    columns: tuple[str, ...] = ()
    approved_only: bool = True
    photos: str = ""
    base: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        form: Format,
        *,
        columns: Iterable[str] = (),
        options: Mapping[str, Any] | None = None,
        base: str = "",
    ) -> Export:
        """An export from what a form, an address or a profile says; what cannot be is as usual."""
        said = options or {}
        photos = said.get(PHOTOS, "")
        return cls(
            catalog=catalog,
            form=form,
            columns=tuple(dict.fromkeys(columns))[:MOST_COLUMNS],
            approved_only=said.get(APPROVED_ONLY, True) is not False,
            photos=photos if photos in PHOTO_CHOICES else usual_photos(form),
            base=base,
            options={each.name: form.option(said, each.name) for each in form.choices},
        )

    @property
    def said(self) -> dict[str, Any]:
        """As `of` takes its options."""
        return {APPROVED_ONLY: self.approved_only, PHOTOS: self.photos, **self.options}

    def products(self, chosen: QuerySet[Product]) -> QuerySet[Product]:
        """Those of the chosen products that go out."""
        return exportable(chosen, approved_only=self.approved_only)

    def writing(self) -> Writing:
        """The file to be written, with what can stand in its columns."""
        return writing_of(
            self.catalog,
            self.form,
            columns=self.columns,
            options=dict(self.options),
            approved_only=self.approved_only,
        )

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


def usual_photos(form: Format) -> str:
    """Programs elsewhere cannot log in here to fetch a photo."""
    return PUBLIC if form.for_channel else ALL
