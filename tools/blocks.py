"""A block of a run as HTML, for the page that is loaded and for the websocket that changes it.

A kind of block is shown by `tools/blocks/<kind>.html`, which gets `block`, `run`, `may_edit` and what
the kind's presenter makes of the block's data. A tool registers presenters for kinds of its own:

    @presents("pricing_ladder")
    def ladder(block, run):
        return {"steps": [...]}

Whatever a block holds, there is something to show: data of the wrong shape and kinds that nobody
knows any more become a line that says so.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import structlog
from django.template import TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.utils.safestring import SafeString
from pydantic import ValidationError

from catalog.renditions import WIDTHS
from tools import block_data, charts
from tools.chart_tables import table_behind
from tools.counting import length
from tools.drawing import draw, number_text
from tools.kinds.base import DONE, RESULT, RUNNING
from tools.markdown import MarkdownStream, cleaned, render

log = structlog.get_logger(__name__)

Block = Mapping[str, Any]
Context = dict[str, Any]
Presenter = Callable[[Block, Any], Context]

KIND = re.compile(r"[a-z][a-z0-9_]*")
NOT_OF_AN_ID = re.compile(r"[^A-Za-z0-9_-]+")
ROWS_SHOWN = 200
ITEMS_SHOWN = 300
GROWING_TEXTS = 512
FAULTS_TOLD = 5
TONES = {"good": "check-circle", "bad": "x-circle", "warning": "alert"}

_presenters: dict[str, Presenter] = {}


def presents(kind: str) -> Callable[[Presenter], Presenter]:
    """Registers what makes template context of the data of this kind of block."""

    def register(presenter: Presenter) -> Presenter:
        _presenters[kind] = presenter
        return presenter

    return register


def dom_id(block_id: str) -> str:
    """The id of a block's element."""
    return f"block-{NOT_OF_AN_ID.sub('-', block_id)}"


def render_block(
    block: Block, run: Any, *, may_edit: bool, oob: bool = False, csrf_token: str = ""
) -> SafeString:
    """The block as a section with the id `block-<id>`; with `oob` it replaces the one of its id.

    `block` has id, kind, title, data, state, part and error; `edited` has the places of its data
    that people changed, `used` the keys of fields that became suggestions. Forms work without
    scripts where they get the page's `csrf_token`.
    """
    block = _seen(block)
    context = {
        "block": block,
        "run": run,
        "dom_id": dom_id(block["id"]),
        "may_edit": may_edit and block["state"] == DONE and block["part"] == RESULT,
        "oob": oob,
        "csrf_token": csrf_token,
    }
    try:
        context |= _body(block, run)
        return render_to_string("tools/_block.html", context)
    except Exception:  # one part that cannot be shown must not take the others with it
        log.exception("block_not_shown", run=getattr(run, "pk", None), kind=block["kind"])
        return render_to_string("tools/_block.html", context | _unshown("It has an error"))


def _seen(block: Block) -> dict[str, Any]:
    """The block with all its parts, its texts without what nobody sees, its links only into this site.

    That holds for the kinds of all tools, also for those whose templates read the data themselves.
    """
    found = {"data": {}, "state": DONE, "part": RESULT} | dict(block)
    found |= {name: str(found.get(name) or "") for name in ("id", "kind", "title", "error")}
    return {key: _cleaned(value) for key, value in found.items()}


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, Mapping):
        return {
            _cleaned(key): block_data.site_path(one) if key == "url" else _cleaned(one)
            for key, one in value.items()
        }
    return [_cleaned(one) for one in value] if isinstance(value, (list, tuple)) else value


def _body(block: dict[str, Any], run: Any) -> Context:
    """The template of the block's body and its context."""
    data = block["data"]
    if not isinstance(data, Mapping):
        return _unshown("Its data are not what is expected of this kind of part")
    if not any(data.values()):
        return {"skeleton": block["state"] == RUNNING, "nothing": block["state"] == DONE}
    kind = str(block["kind"])
    template = f"tools/blocks/{kind}.html"
    if not KIND.fullmatch(kind) or not _is_there(template):
        return _unshown("This version of the site does not know this kind of part")
    try:
        shown = _presenters[kind](block, run) if kind in _presenters else {}
    except ValidationError as error:
        if block["state"] == RUNNING:
            return {"skeleton": True}
        # Where the faults are, and not what is there: logs keep no product data.
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors()]
        log.warning(
            "block_malformed", run=getattr(run, "pk", None), kind=kind, faults=faults[:FAULTS_TOLD]
        )
        return _unshown("Its data are not what is expected of this kind of part")
    return {"template": template, **shown}


def _is_there(template: str) -> bool:
    try:
        get_template(template)
    except TemplateDoesNotExist:
        return False
    return True


def _unshown(why: str) -> Context:
    return {"template": "", "skeleton": False, "unshown": f"This part cannot be shown. {why}."}


_growing: OrderedDict[tuple[object, str], MarkdownStream] = OrderedDict()
_growing_lock = Lock()


def _stream(run: Any, block_id: str, cites: Any) -> MarkdownStream:
    """The text of a block that grows, kept from one of its snapshots to the next."""
    key = (getattr(run, "pk", None), block_id)
    with _growing_lock:
        stream = _growing.pop(key, None)
        if stream is None or stream.cites != cites:
            stream = MarkdownStream(cites)
        _growing[key] = stream
        if len(_growing) > GROWING_TEXTS:
            _growing.popitem(last=False)
    return stream


@presents("prose")
def prose(block: Block, run: Any) -> Context:
    data = block_data.Prose.model_validate(block["data"])
    if block["state"] == RUNNING:
        return {"html": _stream(run, block["id"], data.cites).update(data.text)}
    edited = "text" in (block.get("edited") or {})
    return {
        "html": render(data.text, data.cites),
        "text": data.text,
        "place": "text",
        "edited": edited,
    }


@presents("notice")
def notice(block: Block, _run: Any) -> Context:
    return {"notice": block_data.Notice.model_validate(block["data"])}


@presents("key_values")
def key_values(block: Block, _run: Any) -> Context:
    return {"items": block_data.KeyValues.model_validate(block["data"]).items[:ITEMS_SHOWN]}


def table_context(table: block_data.Table) -> Context:
    """For `tools/blocks/_table.html`: rows of cells in the order of the columns, the first ones."""
    rows = [
        [
            {
                "label": column.label,
                "numeric": column.numeric,
                "cell": (cell := row.get(column.key, block_data.Cell())),
                "icon": TONES.get(cell.tone),
                "heads": column is table.columns[0] and bool(cell.text),
            }
            for column in table.columns
        ]
        for row in table.rows[:ROWS_SHOWN]
    ]
    hidden = max(len(table.rows) - ROWS_SHOWN, 0)
    return {"columns": table.columns, "rows": rows, "caption": table.caption, "hidden": hidden}


@presents("table")
def table(block: Block, _run: Any) -> Context:
    return {"table": table_context(block_data.Table.model_validate(block["data"]))}


@presents("chart")
def chart(block: Block, _run: Any) -> Context:
    found = charts.CHART.validate_python(block["data"])
    if isinstance(found, charts.Grid):
        return {"chart": found, "grid": _grid(found)}
    return {
        "chart": found,
        "drawing": draw(found),
        "table": table_context(table_behind(found)),
    }


def _grid(grid: charts.Grid) -> list[Context]:
    """Rows of cells, each with how dark it is, 0 to 4."""
    most = max((count for row in grid.counts for count in row), default=0) or 1
    return [
        {
            "label": label,
            "cells": [
                {
                    "text": number_text(count),
                    "shade": round(count / most * 4),
                    "mark": grid.mark is not None
                    and (grid.mark.row, grid.mark.column) == (at, place),
                }
                for place, count in enumerate(counts)
            ],
        }
        for at, (label, counts) in enumerate(zip(grid.rows, grid.counts, strict=True))
    ]


@presents("points")
def points(block: Block, _run: Any) -> Context:
    found = block_data.Points.model_validate(block["data"]).items[:ITEMS_SHOWN]
    return {"items": [{"point": point, "icon": TONES.get(point.tone)} for point in found]}


@presents("fields")
def fields(block: Block, _run: Any) -> Context:
    found = block_data.Fields.model_validate(block["data"]).fields[:ITEMS_SHOWN]
    edited, used = block.get("edited") or {}, block.get("used") or ()
    return {
        "fields": [
            {
                "field": one,
                "id": f"{dom_id(block['id'])}-{at}",
                "parts": _parts(one, f"fields.{at}.value", f"{dom_id(block['id'])}-{at}", edited),
                "is_list": isinstance(one.value, list),
                "edited": any(place.startswith(f"fields.{at}.") for place in edited),
                "used": one.key in used,
            }
            for at, one in enumerate(found)
        ]
    }


def _parts(
    one: block_data.SuggestedField, place: str, element: str, edited: Mapping[str, str]
) -> list[Context]:
    """The texts of a field, each with its place in the block's data and how long it is."""
    texts = {place: one.value} if isinstance(one.value, str) else {}
    if isinstance(one.value, list):
        texts = {f"{place}.{number}": text for number, text in enumerate(one.value)}
    return [
        {
            "place": where,
            "id": f"{element}-{number}",
            "label": f"{one.label} {number + 1}" if isinstance(one.value, list) else one.label,
            "text": text,
            "edited": where in edited,
            "length": (count := length(text, one.count)),
            "over": one.limit is not None and count > one.limit,
        }
        for number, (where, text) in enumerate(texts.items())
    ]


@presents("quotes")
def quotes(block: Block, _run: Any) -> Context:
    found = block_data.Quotes.model_validate(block["data"]).quotes[:ITEMS_SHOWN]
    return {"quotes": [{"quote": quote, "icon": TONES.get(quote.tone)} for quote in found]}


@presents("photos")
def photos(block: Block, _run: Any) -> Context:
    found = block_data.Photos.model_validate(block["data"]).photos[:ITEMS_SHOWN]
    small, large = WIDTHS[1], WIDTHS[3]
    return {
        "photos": [{"photo": photo, "icon": TONES.get(photo.tone)} for photo in found],
        "small": small,
        "large": large,
    }
