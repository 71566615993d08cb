"""The numbers behind a chart that brings no table of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from tools import charts
from tools.block_data import Cell, Column, Table
from tools.drawing import number_text


def table_behind(chart: charts.Chart) -> Table:
    """The chart's own table, or one made of what it draws."""
    return chart.table if chart.table and chart.table.columns else _numbers(chart)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """All columns but the first one are numbers."""
    keys = [str(number) for number in range(len(columns))]
    return Table(
        columns=[
            Column(key=key, label=label, numeric=key != "0")
            for key, label in zip(keys, columns, strict=True)
        ],
        rows=[{key: Cell(text=text) for key, text in zip(keys, row, strict=True)} for row in rows],
    )


@singledispatch
def _numbers(chart: charts.Chart) -> Table:
    raise TypeError(type(chart))


@_numbers.register
def _of_bars(chart: charts.Bars) -> Table:
    rows = [[bar.label, bar.text or number_text(bar.value, chart.unit)] for bar in chart.bars]
    return _table(["", chart.label], rows)


@_numbers.register
def _of_histogram(chart: charts.Histogram) -> Table:
    rows = [
        [f"{number_text(one.low)} to {number_text(one.high, chart.unit)}", number_text(one.count)]
        for one in chart.bins
    ]
    return _table(["Range", "Number"], rows)


def _axis_rows(places: Sequence[charts.AxisPoint | charts.Marker], unit: str) -> list[list[str]]:
    return [[one.label, one.text or number_text(one.value, unit)] for one in places]


@_numbers.register
def _of_strip(chart: charts.Strip) -> Table:
    rows = _axis_rows([*chart.points, *chart.markers], chart.unit)
    return _table(["", chart.label], rows)


@_numbers.register
def _of_range(chart: charts.Range) -> Table:
    rows = [
        [
            band.label,
            number_text(band.low, chart.unit),
            "" if band.mid is None else number_text(band.mid, chart.unit),
            number_text(band.high, chart.unit),
        ]
        for band in chart.bands
    ]
    others = [
        [label, "", text, ""]
        for label, text in _axis_rows([*chart.points, *chart.markers], chart.unit)
    ]
    return _table(["", "From", "At", "To"], rows + others)


@_numbers.register
def _of_scatter(chart: charts.Scatter) -> Table:
    rows = [
        [one.label, number_text(one.x, chart.x.unit), number_text(one.y, chart.y.unit)]
        for one in chart.points
    ]
    return _table(["", chart.x.label, chart.y.label], rows)


@_numbers.register
def _of_distribution(chart: charts.Distribution) -> Table:
    rows = [
        [
            row.label,
            *(number_text(count) for count in row.counts),
            *(
                "" if value is None else number_text(value)
                for value in (row.mean, row.low, row.high)
            ),
        ]
        for row in chart.rows
    ]
    return _table(["", *chart.scale, "Mean", "From", "To"], rows)
