"""Charts: what each kind needs to know to be drawn. `tools/drawing.py` draws them.

The data of a block of kind "chart" are one of these as JSON: `Bars(...).model_dump(mode="json")`,
or a dictionary of the same shape. All have

- `chart`: which kind,
- `label`: the chart's name, a few words,
- `summary`: one sentence that says what there is to see, for who cannot see it,
- `unit`: put behind numbers that have no `text` of their own, such as "EUR",
- `table`: the numbers behind it, shown on demand (see `block_data.Table`).

Numbers are finite and may be decimal strings. Money of two currencies never stands in one chart.
`text` is how a value is written for people ("EUR 49.90"); without it the number and unit are.
`mark: true` picks out what the chart is about, usually the product itself.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, model_validator

from tools.block_data import Data, Table, Tone

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]
Count = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e15)]


class Part(Data):
    """A misspelt field is an error here: charts are built by code and not by a model."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class Chart(Part):
    label: str
    summary: str
    unit: str = ""
    table: Table | None = None


class Bar(Part):
    """`low` and `high` draw an interval around the bar's end."""

    label: str
    value: Count
    text: str = ""
    tone: Tone = ""
    mark: bool = False
    low: Count | None = None
    high: Count | None = None


class Bars(Chart):
    """Lying bars from 0, one under the other. `max` is the whole width; the largest otherwise."""

    chart: Literal["bars"] = "bars"
    bars: list[Bar] = Field(max_length=100)
    max: Count | None = None


class Marker(Part):
    """A labelled line across the axis: the product's price, a floor, a median."""

    value: Number
    label: str
    text: str = ""
    mark: bool = False


class Band(Part):
    """A stretch of the axis, with `mid` drawn where it is given."""

    low: Number
    high: Number
    mid: Number | None = None
    label: str = ""
    text: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= (self.low if self.mid is None else self.mid) <= self.high:
            raise ValueError("a band goes from low over mid to high")
        return self


class Bin(Part):
    """How many are from `low` up to, but not including, `high`."""

    low: Number
    high: Number
    count: Count


class Histogram(Chart):
    """A distribution: bins in ascending order without overlap, markers and a band on their axis."""

    chart: Literal["histogram"] = "histogram"
    bins: list[Bin] = Field(min_length=1, max_length=60)
    markers: list[Marker] = Field(default=[], max_length=6)
    band: Band | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if any(one.high < one.low for one in self.bins):
            raise ValueError("a bin goes from low to high")
        if any(one.high > other.low for one, other in pairwise(self.bins)):
            raise ValueError("bins ascend and do not overlap")
        return self


class AxisPoint(Part):
    """`weight` from 0 to 1 makes a point smaller or larger; marked points carry their label."""

    value: Number
    label: str
    text: str = ""
    mark: bool = False
    weight: float = Field(default=0.5, ge=0, le=1)


class Strip(Chart):
    """Many points on one axis, each labelled in the table and, if marked, in the picture."""

    chart: Literal["strip"] = "strip"
    points: list[AxisPoint] = Field(min_length=1, max_length=500)
    markers: list[Marker] = Field(default=[], max_length=6)
    band: Band | None = None


class Range(Chart):
    """Bands one under the other on one axis, such as what others ask and what is suggested."""

    chart: Literal["range"] = "range"
    bands: list[Band] = Field(min_length=1, max_length=12)
    points: list[AxisPoint] = Field(default=[], max_length=500)
    markers: list[Marker] = Field(default=[], max_length=6)


class Axis(Part):
    """`at` draws a line there, such as the median, named `at_label`."""

    label: str
    unit: str = ""
    at: Number | None = None
    at_label: str = ""


class Spot(Part):
    """`series` 1 to 6 is a colour, named in the chart's `series`."""

    x: Number
    y: Number
    label: str
    mark: bool = False
    series: int = Field(default=1, ge=1, le=6)


class Scatter(Chart):
    """Positions on two axes. `series` names the colours in use, the first one first."""

    chart: Literal["scatter"] = "scatter"
    x: Axis
    y: Axis
    points: list[Spot] = Field(min_length=1, max_length=500)
    series: list[str] = Field(default=[], max_length=6)


class Place(Part):
    """Row and column of a grid, from 0."""

    row: int = Field(ge=0)
    column: int = Field(ge=0)


class Grid(Chart):
    """Counts by two properties: `counts[row][column]`. `mark` is the product's own place.

    It is a table already, so it needs none behind it.
    """

    chart: Literal["grid"] = "grid"
    row_label: str = ""
    column_label: str = ""
    rows: list[str] = Field(min_length=1, max_length=40)
    columns: list[str] = Field(min_length=1, max_length=20)
    counts: list[list[Count]]
    mark: Place | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if [len(row) for row in self.counts] != [len(self.columns)] * len(self.rows):
            raise ValueError("a grid has a count for each row and column")
        return self


class Answers(Part):
    """How often each answer was given, and the mean answer (1 is the first) with its interval."""

    label: str
    counts: list[Count]
    mean: Number | None = None
    low: Number | None = None
    high: Number | None = None
    text: str = ""
    mark: bool = False


class Distribution(Chart):
    """Answers on a scale, stacked to 100 %. `scale` names the answers, the lowest first."""

    chart: Literal["distribution"] = "distribution"
    scale: list[str] = Field(min_length=2, max_length=7)
    rows: list[Answers] = Field(min_length=1, max_length=24)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if any(len(row.counts) != len(self.scale) for row in self.rows):
            raise ValueError("a row has a count for each answer of the scale")
        return self


AnyChart = Annotated[
    Bars | Histogram | Strip | Range | Scatter | Grid | Distribution, Field(discriminator="chart")
]
CHART: TypeAdapter[AnyChart] = TypeAdapter(AnyChart)
"""Reads any of them: `CHART.validate_python(data)` raises ValidationError for anything else."""
