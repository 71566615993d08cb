"""What stands on an axis: ticks, labels that keep clear of each other, bands, intervals, points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tools import charts
from tools.drawing.shapes import (
    CHARACTER,
    DOT,
    LONGEST_LABEL,
    Legend,
    Scale,
    Shape,
    clipped,
    dot,
    line,
    number_text,
    reach,
    rect,
    rule,
    words,
)

LABEL_ROW = 18
TICK_ROW = 20
DOT_ROW = 11
DOT_ROWS = 7
SHORTEST_LABEL = 8


@dataclass(frozen=True)
class Callout:
    """A labelled place on an axis."""

    value: float
    label: str
    mark: bool
    is_point: bool = False


def callouts(
    markers: Sequence[charts.Marker], points: Sequence[charts.AxisPoint], unit: str
) -> list[Callout]:
    """What is labelled on an axis: all markers, and the points that are picked out."""
    found = [Callout(one.value, _named(one, unit), one.mark) for one in markers]
    found += [Callout(one.value, _named(one, unit), True, True) for one in points if one.mark]
    return sorted(found, key=lambda one: one.value)


def _named(one: charts.Marker | charts.AxisPoint, unit: str) -> str:
    """Its label and its value; where that is too long, the label gives way."""
    text = one.text or number_text(one.value, unit)
    return f"{clipped(one.label, max(LONGEST_LABEL - len(text) - 1, SHORTEST_LABEL))} {text}"


def labelled(
    found: Sequence[Callout], scale: Scale, height: int, *, lines: bool = True
) -> tuple[int, list[Shape]]:
    """Labels in rows of their own above `height` pixels, so that none covers another, with lines
    down from them; gives how many pixels the rows take.
    """
    ends: list[float] = []
    placed: list[tuple[int, Callout, Shape]] = []
    for one in found:
        suffix = "--mark" if one.mark else ""
        text = words(f"plot__label{suffix}", scale(one.value), 0, clipped(one.label))
        start, end = reach(text)
        row = next((number for number, taken in enumerate(ends) if start > taken), len(ends))
        ends[row : row + 1] = [end + CHARACTER]
        placed.append((row, one, text))
    above = len(ends) * LABEL_ROW
    drawn: list[Shape] = []
    texts: list[Shape] = []
    for row, one, text in placed:
        y = row * LABEL_ROW
        texts.append(words(text.name, float(text.x), y + 12, text.text, text.anchor))
        if lines:
            name = "plot__marker--mark" if one.mark else "plot__marker"
            drawn.append(line(name, scale(one.value), y + 16, above + height - y - 16, one.label))
    # A line that comes down through the label of another one lies behind it.
    return above, [*drawn, *texts]


def axis(scale: Scale, y: float, unit: str, *, rises: float = 0) -> list[Shape]:
    """A line with ticks, their numbers below it and, with `rises`, faint lines above it."""
    shapes = [rule("plot__axis", 0, 100, y)]
    ticks = scale.ticks()
    for tick in ticks:
        shapes.append(line("plot__grid", scale(tick), y - rises, rises + 4))
        label = number_text(tick, unit if tick == ticks[-1] else "")
        shapes.append(words("plot__tick", scale(tick), y + 16, label))
    return shapes


def band_shapes(band: charts.Band, scale: Scale, y: float, height: float) -> list[Shape]:
    shapes = [rect("plot__band", scale(band.low), scale(band.high), y, height, band.label)]
    if band.mid is not None:
        shapes.append(line("plot__mid", scale(band.mid), y, height))
    return shapes


def swarm(points: Sequence[charts.AxisPoint], scale: Scale, y: float, unit: str) -> list[Shape]:
    """Points in as many rows as it takes to see them all, or as there are."""
    shapes = []
    ends = [-math.inf] * DOT_ROWS
    for point in sorted(points, key=lambda one: (one.value, one.label)):
        x = scale(point.value)
        r = DOT * (0.6 + 0.8 * point.weight)
        row = next((number for number, end in enumerate(ends) if x > end), None)
        row = ends.index(min(ends)) if row is None else row
        ends[row] = x + 2 * r / 3.2
        # From the middle outwards: 0, -1, +1, -2 ...
        shift = (row + 1) // 2 * (1 if row % 2 == 0 else -1)
        name, kind = ("plot__dot--mark", "diamond") if point.mark else ("plot__dot", "dot")
        title = f"{point.label}: {point.text or number_text(point.value, unit)}"
        shapes.append(dot(name, x, y + shift * DOT_ROW, r + (2 if point.mark else 0), title, kind))
    # What the chart is about lies on top.
    return sorted(shapes, key=lambda shape: shape.kind == "diamond")


def band_values(bands: Iterable[charts.Band | None]) -> list[float]:
    return [value for band in bands if band for value in (band.low, band.high)]


def whisker(low: float, high: float, y: float) -> list[Shape]:
    ends = [line("plot__whisker", x, y - 4, 8) for x in (low, high)]
    return [rule("plot__whisker", low, high, y), *ends]


def band_legend(band: charts.Band | None) -> list[Legend]:
    return (
        [Legend("plot__band", f"{band.label} {band.text}".strip())] if band and band.label else []
    )
