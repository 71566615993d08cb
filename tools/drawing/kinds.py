"""Each kind of chart as a drawing."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from itertools import accumulate

from tools import charts
from tools.drawing.axes import (
    DOT_ROW,
    DOT_ROWS,
    LABEL_ROW,
    TICK_ROW,
    axis,
    band_legend,
    band_shapes,
    band_values,
    callouts,
    labelled,
    swarm,
    whisker,
)
from tools.drawing.shapes import (
    DOT,
    Drawing,
    Legend,
    Panel,
    Scale,
    clipped,
    dot,
    line,
    number_text,
    rect,
    rule,
    words,
)

ROW = 12
HISTOGRAM_HEIGHT = 120
SCATTER_HEIGHT = 240
AXIS_EDGE = 12.0
COUNTED_BINS = 12
SWARM_HEIGHT = DOT_ROWS * DOT_ROW + ROW


@singledispatch
def draw(chart: charts.Chart) -> Drawing:
    """The drawing of a chart of any kind but a grid, which is a table."""
    raise TypeError(type(chart))


@draw.register
def _bars(chart: charts.Bars) -> Drawing:
    ends = [end for bar in chart.bars for end in (bar.value, bar.high or 0)]
    most = chart.max or max(ends, default=0) or 1
    scale = Scale(0, most, 0, 100)
    picked_out = any(bar.mark for bar in chart.bars)
    panels = []
    for bar in chart.bars:
        name = f"plot__bar--{bar.tone}" if bar.tone else "plot__bar"
        if picked_out and not bar.tone:
            name = "plot__bar--mark" if bar.mark else "plot__bar--other"
        shapes = [rect("plot__track", 0, 100, 0, ROW), rect(name, 0, scale(bar.value), 0, ROW)]
        if bar.low is not None and bar.high is not None:
            shapes += whisker(scale(bar.low), scale(bar.high), ROW / 2)
        text = bar.text or number_text(bar.value, chart.unit)
        panels.append(Panel(ROW, shapes, bar.label, text, bar.mark))
    return Drawing(panels)


@draw.register
def _histogram(chart: charts.Histogram) -> Drawing:
    values = [value for one in chart.bins for value in (one.low, one.high)]
    scale = Scale.over([*values, *(one.value for one in chart.markers), *band_values([chart.band])])
    found = callouts(chart.markers, [], chart.unit)
    above, labels = labelled(found, scale, HISTOGRAM_HEIGHT)
    counted = len(chart.bins) <= COUNTED_BINS
    top = above + (LABEL_ROW if counted else 4)
    base = above + HISTOGRAM_HEIGHT
    most = max(one.count for one in chart.bins) or 1
    shapes = band_shapes(chart.band, scale, above, HISTOGRAM_HEIGHT) if chart.band else []
    for one in chart.bins:
        height = one.count / most * (base - top)
        title = f"{number_text(one.low)} to {number_text(one.high, chart.unit)}: {number_text(one.count)}"
        shapes.append(
            rect("plot__column", scale(one.low), scale(one.high), base - height, height, title)
        )
        if counted and one.count:
            middle = (scale(one.low) + scale(one.high)) / 2
            shapes.append(
                words("plot__tick", middle, base - height - 4, number_text(one.count), "middle")
            )
    panel = Panel(base + TICK_ROW, [*shapes, *axis(scale, base, chart.unit), *labels])
    return Drawing([panel], band_legend(chart.band))


@draw.register
def _strip(chart: charts.Strip) -> Drawing:
    values = [one.value for one in chart.points] + [one.value for one in chart.markers]
    scale = Scale.over([*values, *band_values([chart.band])])
    height = SWARM_HEIGHT
    above, labels = labelled(callouts(chart.markers, chart.points, chart.unit), scale, height)
    shapes = band_shapes(chart.band, scale, above, height) if chart.band else []
    shapes += axis(scale, above + height, chart.unit)
    shapes += [*labels, *swarm(chart.points, scale, above + height / 2, chart.unit)]
    return Drawing([Panel(above + height + TICK_ROW, shapes)], band_legend(chart.band))


@draw.register
def _range(chart: charts.Range) -> Drawing:
    values = [one.value for one in chart.points] + [one.value for one in chart.markers]
    scale = Scale.over([*values, *band_values(chart.bands)])
    found = callouts(chart.markers, chart.points, chart.unit)
    panels = []
    if found:
        above, labels = labelled(found, scale, 4)
        panels.append(Panel(above + 4, labels))
    lines = [
        line("plot__marker--mark" if one.mark else "plot__marker", scale(one.value), 0, 2 * ROW)
        for one in found
        if not one.is_point
    ]
    for band in chart.bands:
        text = band.text or f"{number_text(band.low)} to {number_text(band.high, chart.unit)}"
        shapes = [
            rule("plot__grid", 0, 100, ROW),
            *band_shapes(band, scale, 4, 2 * ROW - 8),
            *lines,
        ]
        panels.append(Panel(2 * ROW, shapes, band.label, text))
    height = SWARM_HEIGHT if chart.points else ROW
    dots = swarm(chart.points, scale, height / 2, chart.unit)
    panels.append(Panel(height + TICK_ROW, [*axis(scale, height, chart.unit), *dots]))
    return Drawing(panels)


def _upwards(scale: Scale, top: float, base: float) -> Callable[[float], float]:
    def y(value: float) -> float:
        return base - (value - scale.low) / (scale.high - scale.low) * (base - top)

    return y


@draw.register
def _scatter(chart: charts.Scatter) -> Drawing:
    also_x = [] if chart.x.at is None else [chart.x.at]
    also_y = [] if chart.y.at is None else [chart.y.at]
    x = Scale.over([*(one.x for one in chart.points), *also_x], AXIS_EDGE)
    y_scale = Scale.over([*(one.y for one in chart.points), *also_y])
    top, base = 2 * LABEL_ROW, SCATTER_HEIGHT
    y = _upwards(y_scale, top + 8, base - 8)
    shapes = [
        words("plot__label", 0, 12, clipped(f"↑ {chart.y.label} {chart.y.unit}".strip()), "start")
    ]
    for tick in y_scale.ticks():
        shapes.append(rule("plot__grid", AXIS_EDGE - 2, 100, y(tick)))
        shapes.append(words("plot__tick", 0, y(tick) + 4, number_text(tick), "start"))
    shapes += axis(x, base, chart.x.unit)
    if chart.x.at is not None:
        shapes.append(line("plot__marker", x(chart.x.at), top, base - top, chart.x.at_label))
        shapes.append(words("plot__tick", x(chart.x.at), top - 4, clipped(chart.x.at_label)))
    if chart.y.at is not None:
        shapes.append(rule("plot__marker", AXIS_EDGE - 2, 100, y(chart.y.at)))
        shapes.append(words("plot__tick", 100, y(chart.y.at) - 4, clipped(chart.y.at_label), "end"))
    for one in sorted(chart.points, key=lambda one: one.mark):
        title = (
            f"{one.label}: {number_text(one.x, chart.x.unit)}, {number_text(one.y, chart.y.unit)}"
        )
        name = "plot__dot--mark" if one.mark else f"plot__dot plot__dot--{one.series}"
        kind, r = ("diamond", DOT + 3) if one.mark else ("dot", DOT + 1)
        shapes.append(dot(name, x(one.x), y(one.y), r, title, kind))
        if one.mark:
            shapes.append(words("plot__label--mark", x(one.x), y(one.y) - 11, clipped(one.label)))
    shapes.append(
        words("plot__label", 100, base + 34, clipped(f"{chart.x.label} {chart.x.unit} →"), "end")
    )
    legend = [
        Legend(f"plot__dot--{number}", text) for number, text in enumerate(chart.series, start=1)
    ]
    return Drawing([Panel(base + 2 * TICK_ROW, shapes)], legend)


@draw.register
def _distribution(chart: charts.Distribution) -> Drawing:
    answers = len(chart.scale)
    means = Scale(1, answers, 4, 96)
    panels = []
    for row in chart.rows:
        total = sum(row.counts)
        edges = [0.0, *accumulate(count / total * 100 if total else 0 for count in row.counts)]
        shapes = [rect("plot__track", 0, 100, 0, ROW + 2)]
        for number, (name, count) in enumerate(zip(chart.scale, row.counts, strict=True)):
            title = f"{name}: {number_text(count)} of {number_text(total)}"
            step = step_class(number, answers)
            shapes.append(rect(step, edges[number], edges[number + 1], 0, ROW + 2, title))
        if row.mean is not None:
            shapes.append(rule("plot__grid", means.left, means.right, 24))
            if row.low is not None and row.high is not None:
                shapes += whisker(means(row.low), means(row.high), 24)
            shapes.append(dot("plot__dot--mark", means(row.mean), 24, DOT + 1, kind="diamond"))
        panels.append(Panel(34, shapes, row.label, row.text or _mean_text(row), row.mark))
    if any(row.mean is not None for row in chart.rows):
        ticks = [words("plot__tick", means(n), 12, str(n), "middle") for n in range(1, answers + 1)]
        panels.append(Panel(LABEL_ROW, ticks))
    legend = [
        Legend(step_class(n, answers), f"{n + 1} {text}") for n, text in enumerate(chart.scale)
    ]
    return Drawing(panels, legend)


def step_class(number: int, answers: int) -> str:
    """One of five steps from light to dark for an answer of a scale of any length."""
    return f"plot__step--{1 + round(number * 4 / (answers - 1))}"


def _mean_text(row: charts.Answers) -> str:
    if row.mean is None:
        return ""
    text = f"{row.mean:.2f}"
    return (
        text if row.low is None or row.high is None else f"{text} ({row.low:.2f} to {row.high:.2f})"
    )
