"""Every read of the tools. Who may see what is the catalogue's to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from catalog import selectors
from catalog.models import Catalog, Product
from tools.models import Panel, RunEvent, ToolRun
from tools.registry import tools
from tools.runs.course import Course, Step

# A run costs money and writes nothing into the catalogue.
RUN = selectors.EDIT | selectors.REVIEW


def runs_in(catalog: Catalog) -> QuerySet[ToolRun]:
    """The catalogue's runs of products that are not deleted, newest first, without their blocks."""
    runs = ToolRun.objects.filter(catalog=catalog, product__deleted_at__isnull=True)
    return runs.select_related("product", "created_by").defer("blocks", "evidence", "output")


def runs_of(product: Product, tool: str = "") -> QuerySet[ToolRun]:
    """The product's runs, of one tool where it is named, newest first, without their blocks."""
    runs = runs_in(product.catalog).filter(product=product)
    return runs.filter(tool=tool) if tool else runs


def run_for(user: object, pk: int, roles: frozenset = selectors.VIEW) -> ToolRun:
    """A run by id. Raises Http404 to strangers, PermissionDenied to wrong roles."""
    runs = ToolRun.objects.select_related("catalog", "created_by")
    run = runs.filter(pk=pk, catalog__deleted_at__isnull=True).first()
    if run is None:
        raise Http404
    selectors.catalog_for(user, run.catalog.slug, roles)
    if not Product.objects.alive().filter(pk=run.product_id).exists():
        raise Http404
    return run


def panels_in(catalog: Catalog) -> QuerySet[Panel]:
    """The catalogue's panels of simulated shoppers, by name."""
    return Panel.objects.filter(catalog=catalog).select_related("created_by")


def panel_for(user: object, pk: int, roles: frozenset = selectors.VIEW) -> Panel:
    """A panel by id. Raises Http404 to strangers, PermissionDenied to wrong roles."""
    panels = Panel.objects.select_related("catalog", "created_by")
    panel = panels.filter(pk=pk, catalog__deleted_at__isnull=True).first()
    if panel is None:
        raise Http404
    selectors.catalog_for(user, panel.catalog.slug, roles)
    return panel


def steps_after(run_id: int, number: int, most: int | None = None) -> list[Step]:
    """The run's events after this number, in order."""
    rows = RunEvent.objects.filter(run=run_id, number__gt=number).order_by("number")
    found = rows.values_list("number", "kind", "data")
    return [Step(*row) for row in (found[:most] if most else found)]


def course_of(run: ToolRun) -> Course:
    """The run as its row and the events after it tell."""
    return Course.of(run, steps_after(run.pk, run.last_event))


def course_by_id(run_id: int) -> Course:
    """As `course_of`. Raises Http404 when the run is gone."""
    run = ToolRun.objects.filter(pk=run_id).first()
    if run is None:
        raise Http404
    return course_of(run)


def stops_asked(run_ids: Iterable[int]) -> set[int]:
    """Which of these runs somebody wants stopped."""
    asked = ToolRun.objects.filter(pk__in=list(run_ids)).exclude(stop_asked_at=None)
    return set(asked.values_list("pk", flat=True))


def with_edits(blocks: Iterable[Mapping[str, Any]], edits: Mapping[str, Any]) -> list[dict]:
    """The blocks with what people made of their texts. A block says in `edited` which these are."""
    return [_edited(block, edits.get(block["id"], {})) for block in blocks]


def output_of(run: ToolRun) -> dict[str, Any]:
    """The run's output with what people made of its texts."""
    output: Any = run.output
    for block, places in run.edits.items():
        for place, text in places.items():
            output = _replaced(output, [block, *place.split(".")], text)
    tool = tools().get(run.tool)
    return tool.revised(output, run.evidence, run.edits) if tool and run.edits else output


def _edited(block: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    data: Any = block["data"]
    for place, text in places.items():
        data = _replaced(data, place.split("."), text)
    return {**block, "data": data, "edited": dict(places)}


def _replaced(node: Any, path: list[str], text: str) -> Any:
    """A copy of the node with the text at the path; as it is where the path leads nowhere."""
    if not path:
        return text if isinstance(node, str) else node
    step, rest = path[0], path[1:]
    if isinstance(node, Mapping) and step in node:
        return {**node, step: _replaced(node[step], rest, text)}
    if isinstance(node, list) and step.isdecimal() and int(step) < len(node):
        place = int(step)
        return [*node[:place], _replaced(node[place], rest, text), *node[place + 1 :]]
    return node
