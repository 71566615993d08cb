"""What is exported, chosen on the export page and by its address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from catalog.exporting import FORMATS
from catalog.exporting.addresses import NONE
from catalog.exporting.counting import Counted
from catalog.exporting.exports import APPROVED_ONLY, PHOTO_CHOICES, PHOTOS, Export
from catalog.interchange import own
from catalog.models import Catalog
from catalog.services.attribute_values import CATEGORY
from catalog.views import present
from catalog.views.choosing import Chosen
from catalog.views.words import count_of

FORMAT, COLUMN, EVERYTHING = "format", "column", "everything"
USUAL_FORMAT = "csv"
UP, DOWN = "up", "down"
OFF = "0"
# Columns that only long vocabularies have so many of can be chosen by a saved export or the API.
SHOWN_COLUMNS = 400


def site_base(request: HttpRequest) -> str:
    """The address of this site as the person reaches it."""
    return request.build_absolute_uri("/").rstrip("/")


def export_of(catalog: Catalog, address: QueryDict, base: str) -> Export:
    """The export that an address names; what it cannot be is as usual."""
    form = FORMATS.get(address.get(FORMAT, ""), FORMATS[USUAL_FORMAT])
    options: dict[str, Any] = {choice.name: address.get(choice.name, "") for choice in form.choices}
    options[PHOTOS] = address.get(PHOTOS, "")
    options[APPROVED_ONLY] = address.get(APPROVED_ONLY) != OFF
    columns = _moved(address.getlist(COLUMN), address)
    export = Export.of(catalog, form, columns=columns, options=options, base=base)
    # Ticking all of them, which the form begins with, is no choice: new ones are wanted as well.
    return replace(export, columns=()) if _are_all(export) else export


def _are_all(export: Export) -> bool:
    """Whether the columns are all there are, in their own order."""
    if not export.columns or export.form.headers is None:
        return False
    every = export.form.headers(replace(export, columns=()).writing())
    return list(export.columns) == list(every)


def _moved(columns: list[str], address: QueryDict) -> list[str]:
    """The columns with one moved a place, where a button without a script asked for that."""
    for act, step in ((UP, -1), (DOWN, 1)):
        name = address.get(act, "")
        if name in columns:
            place = columns.index(name)
            other = min(max(place + step, 0), len(columns) - 1)
            columns[place], columns[other] = columns[other], columns[place]
    return columns


def parameters(export: Export, chosen: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The parameters by which an address names an export of some products."""
    return [
        *chosen,
        (FORMAT, export.form.name),
        *([(APPROVED_ONLY, OFF)] if not export.approved_only else []),
        (PHOTOS, export.photos),
        *((name, value) for name, value in export.options.items() if value),
        *((COLUMN, name) for name in export.columns),
    ]


def cards(catalog: Catalog, export: Export, chosen: Chosen) -> list[dict[str, Any]]:
    """The formats to choose among. Columns are of one format, and so are its settings."""
    kept = [*chosen.address, *([(APPROVED_ONLY, OFF)] if not export.approved_only else [])]
    here = reverse("catalog:exports", args=[catalog.slug])
    return [
        {
            "label": form.label,
            "purpose": form.purpose,
            "url": f"{here}?{urlencode([*kept, (FORMAT, form.name)])}",
            "current": form is export.form,
        }
        for form in FORMATS.values()
    ]


def settings(export: Export) -> list[dict[str, Any]]:
    """For components/select.html, with hints."""
    found = [
        {
            "name": each.name,
            "label": each.label,
            "options": [{"value": value, "label": label} for value, label in each.choices],
            "selected": export.options[each.name],
            "hint": each.hint,
        }
        for each in export.form.choices
    ]
    if export.form.files is None:
        found.append(
            {
                "name": PHOTOS,
                "label": "Photos",
                "options": [{"value": v, "label": label} for v, label in PHOTO_CHOICES.items()],
                "selected": export.photos,
                "hint": "",
            }
        )
    return found


def column_choices(export: Export) -> list[dict[str, Any]]:
    """The columns, those that were chosen first and in their order; none where there is no choice."""
    if export.form.headers is None:
        return []
    every = export.form.headers(export.writing())[:SHOWN_COLUMNS]
    chosen = [name for name in export.columns if name in set(every)]
    rest = [name for name in every if name not in set(chosen)]
    labels = present.Labels(export.catalog.language)
    return [
        {
            "value": name,
            "label": _label(name, labels),
            "checked": name in chosen or not chosen,
            "fixed": name in export.form.always,
        }
        for name in [*chosen, *rest]
    ]


def _label(header: str, labels: present.Labels) -> str:
    """A header of our own table as people say it; the others are what platforms call them."""
    plain = header.removeprefix(own.OF_VARIANT).removeprefix(own.OF_ATTRIBUTE)
    key, _, language = plain.partition("@")
    if key not in labels.definitions or key == CATEGORY:
        return ""
    ending = f" ({language})" if language else ""
    return ("Variant: " if header.startswith(own.OF_VARIANT) else "") + labels.field(key) + ending


def warnings(export: Export, counts: Counted) -> list[str]:
    """What the platform will miss, before it says so itself."""
    found = []
    if counts.without_address:
        found.append(
            f"{count_of(counts.without_address)} with photos that nobody can open outside: "
            "publish the photos first."
        )
    if counts.without_photo and export.photos != NONE:
        found.append(f"{count_of(counts.without_photo)} without any photo.")
    if counts.without_link and export.form.name in {"google", "google-xml", "meta"}:
        found.append(f"{count_of(counts.without_link)} without the address of their page.")
    if counts.without_price:
        found.append(f"{count_of(counts.without_price)} without a price.")
    if counts.other_currency and export.form.name in {"shopify", "woocommerce"}:
        found.append(
            f"{count_of(counts.other_currency)} with prices in another currency than "
            f"{export.catalog.currency}: those prices are left out."
        )
    return found
