"""What each column of a file is, and how the file is to be imported."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from catalog.importing import services
from catalog.importing.files import inspection_of
from catalog.importing.mapping import Target, targets
from catalog.importing.options import CLEAR, GTIN, HANDLE, KEEP, SKU, Options
from catalog.importing.reading import Inspection
from catalog.interchange.records import LOCALE
from catalog.models import Catalog, Import, ImportMode, ImportState, ProductStatus
from catalog.views.http import Request, first_message, refused
from catalog.views.imports import present
from catalog.views.imports.page import found

VALUES_SHOWN = 3
VALUE_LENGTH = 60
# Of which the columns may still be said anew: nothing is being read or written.
OPEN = frozenset({ImportState.MAPPING, ImportState.READY, ImportState.FAILED})
IGNORED = "ignore"
# Of `Import.counts`: that the mapping is that of an earlier file with these headers.
REMEMBERED = "remembered"
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MATCH_BY = (
    (SKU, "SKU, else GTIN, else handle"),
    (GTIN, "GTIN, else SKU, else handle"),
    (HANDLE, "Handle, else SKU, else GTIN"),
)
BLANKS = (
    (KEEP, "leave what stands", "A blank says nothing."),
    (CLEAR, "clear what stands", "The preview says how many values that would remove."),
)
STATUS = "product.status"
TICKED = ("over_people", "file_status", "refetch")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_columns(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """The columns with what they were taken for; a POST says so and has the file read."""
    catalog, source = found(request, slug, pk)
    if source.state not in OPEN:
        return redirect(present.import_url(source))
    if request.method != "POST":
        return render(request, "catalog/import_columns.html", _values(catalog, source))
    try:
        services.import_map(
            source=source,
            mapping=_said(request.POST, source),
            options=options_of(request.POST).as_json(),
            actor=request.user,
        )
        services.import_preview(source=source, actor=request.user)
    except ValidationError as error:
        here = present.import_url(source, "import_columns")
        return refused(request, first_message(error), here)
    return redirect(present.import_url(source))


def _inspection(source: Import) -> Inspection | None:
    """What was seen of an import's table; None for photos alone."""
    return inspection_of(source) if source.inspection else None


def _said(form: QueryDict, source: Import) -> dict[str, str]:
    """What the form says of each column; what it does not speak of stays as it was."""
    inspection = _inspection(source)
    headers = inspection.headers if inspection else []
    return {
        header: form.get(f"column-{n}", source.mapping.get(header, IGNORED))
        for n, header in enumerate(headers)
    }


def options_of(form: Mapping[str, Any]) -> Options:
    """The options of a form: a check box that is not ticked says no. Raises ValidationError."""
    texts = {
        name: form[name] for name in ("mode", "match_by", "blanks", "status") if form.get(name)
    }
    if "product_pages" in form:
        texts["product_pages"] = form["product_pages"].strip()
    ticked = {name: form.get(name) in {"1", "on", "true"} for name in TICKED}
    return Options.of({**texts, **ticked})


def _values(catalog: Catalog, source: Import) -> dict[str, Any]:
    inspection = _inspection(source)
    known = _with_languages(targets(catalog), source.mapping.values())
    label = present.format_label(source.format)
    columns = _columns(inspection, source.mapping) if inspection else []
    return {
        "catalog": catalog,
        "source": source,
        "pill": present.pill(source),
        "steps": present.steps(source, "Columns"),
        "format_label": label,
        "columns": columns,
        "ignored": sum(column["target"] == IGNORED for column in columns),
        "groups": _groups(known),
        "options": Options.of(source.options),
        "product_pages": _pages(source),
        "modes": ImportMode.choices,
        "match_by": MATCH_BY,
        "blanks": BLANKS,
        "statuses": ProductStatus.choices,
        "says_status": STATUS in source.mapping.values(),
        "facts": _facts(inspection) if inspection else [],
        "collapsed": bool(label or source.counts.get(REMEMBERED)),
        "remembered": bool(source.counts.get(REMEMBERED)),
    }


def _pages(source: Import) -> str:
    """Where product pages are: as was said of this file, else of the last one before it."""
    name = "product_pages"
    if source.state != ImportState.MAPPING:
        return str(source.options.get(name, ""))
    earlier = Import.objects.filter(catalog=source.catalog, pk__lt=source.pk)
    said = earlier.exclude(state=ImportState.MAPPING).order_by("-pk")
    last = said.values_list("options", flat=True).first() or {}
    return str(last.get(name, ""))


def _facts(inspection: Inspection) -> list[str]:
    """How the file was read, in words."""
    dialect = inspection.dialect
    facts = [f"Encoding {inspection.encoding.upper()}"] if inspection.encoding else []
    if dialect.get("sheet"):
        facts.append(f"Sheet “{dialect['sheet']}”")
    if dialect.get("delimiter"):
        facts.append(
            f"Cells parted by {DELIMITERS.get(dialect['delimiter'], dialect['delimiter'])}"
        )
    return facts


def _columns(inspection: Inspection, mapping: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = []
    for n, header in enumerate(inspection.headers):
        values = [row[n] for row in inspection.rows if n < len(row) and row[n].strip()]
        rows.append(
            {
                "number": n,
                "header": header,
                "values": [_short(value) for value in dict.fromkeys(values)][:VALUES_SHOWN],
                "target": mapping.get(header, IGNORED),
                "why": inspection.reasons.get(header, ""),
            }
        )
    return rows


def _groups(known: Iterable[Target]) -> list[dict[str, Any]]:
    """For <optgroup>: the targets by their group, in their order."""
    return [
        {"label": label, "targets": list(group)}
        for label, group in groupby(known, key=lambda target: target.group)
    ]


def _with_languages(known: Sequence[Target], used: Iterable[str]) -> list[Target]:
    """The targets, and after each those of it in a language that columns are taken for."""
    wanted = sorted(set(used) - {target.key for target in known})
    return [
        each
        for target in known
        for each in (
            target,
            *(
                dataclasses.replace(
                    target, key=key, label=f"{target.label} ({key.partition(LOCALE)[2]})"
                )
                for key in wanted
                if key.partition(LOCALE)[0] == target.key
            ),
        )
    ]


def _short(value: str) -> str:
    text = " ".join(value.split())
    return text if len(text) <= VALUE_LENGTH else f"{text[:VALUE_LENGTH].rstrip()}…"
