from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tools import charts
from tools.chart_tables import table_behind
from tools.drawing import draw, number_text
from tools.drawing.axes import callouts, labelled
from tools.drawing.shapes import CHARACTER, Scale, Shape, reach, short

SAID = {"label": "Prices", "summary": "A sentence."}
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)
POSITIVE = st.floats(0, 1e9, allow_nan=False)
MARKERS = st.lists(
    st.builds(charts.Marker, value=NUMBERS, label=st.text(max_size=60), mark=st.booleans()),
    max_size=6,
)
POINTS = st.lists(
    st.builds(charts.AxisPoint, value=NUMBERS, label=st.text(max_size=20), mark=st.booleans()),
    min_size=1,
    max_size=12,
)
BANDS = st.tuples(NUMBERS, NUMBERS, NUMBERS).map(
    lambda found: charts.Band(low=min(found), mid=sorted(found)[1], high=max(found))
)
BINS = st.lists(NUMBERS, min_size=2, max_size=12, unique=True).map(
    lambda edges: [
        charts.Bin(low=low, high=high, count=3)
        for low, high in zip(sorted(edges), sorted(edges)[1:], strict=False)
    ]
)
CHARTS = st.one_of(
    st.builds(
        charts.Bars,
        label=st.just("x"),
        summary=st.just("y"),
        bars=st.lists(st.builds(charts.Bar, label=st.text(max_size=9), value=POSITIVE), max_size=5),
    ),
    st.builds(
        charts.Histogram,
        label=st.just("x"),
        summary=st.just("y"),
        bins=BINS,
        markers=MARKERS,
        band=st.none() | BANDS,
    ),
    st.builds(
        charts.Strip,
        label=st.just("x"),
        summary=st.just("y"),
        points=POINTS,
        markers=MARKERS,
        band=st.none() | BANDS,
    ),
    st.builds(
        charts.Range,
        label=st.just("x"),
        summary=st.just("y"),
        bands=st.lists(BANDS, min_size=1, max_size=3),
        points=POINTS,
        markers=MARKERS,
    ),
    st.builds(
        charts.Scatter,
        label=st.just("x"),
        summary=st.just("y"),
        x=st.builds(charts.Axis, label=st.just("a"), at=st.none() | NUMBERS),
        y=st.builds(charts.Axis, label=st.just("b"), at=st.none() | NUMBERS),
        points=st.lists(
            st.builds(charts.Spot, x=NUMBERS, y=NUMBERS, label=st.just("p"), mark=st.booleans()),
            min_size=1,
            max_size=9,
        ),
    ),
    st.builds(
        charts.Distribution,
        label=st.just("x"),
        summary=st.just("y"),
        scale=st.just(["no", "perhaps", "yes"]),
        rows=st.lists(
            st.builds(
                charts.Answers,
                label=st.just("r"),
                counts=st.lists(POSITIVE, min_size=3, max_size=3),
                mean=st.none() | NUMBERS,
            ),
            min_size=1,
            max_size=4,
        ),
    ),
)


def across(shape: Shape) -> list[float]:
    """Where in the width a shape lies, in per cent."""
    x = float(shape.x)
    if shape.kind == "rect":
        return [x, x + float(shape.width)]
    return [x, float(shape.width)] if shape.kind == "rule" else [x]


@given(CHARTS)
def test_everything_of_a_chart_lies_inside_its_panel(chart):
    for panel in draw(chart).panels:
        for shape in panel.shapes:
            assert all(-0.02 <= place <= 100.02 for place in across(shape)), shape
            assert -1 <= float(shape.y) <= panel.height, shape
            if shape.kind == "rect":
                assert float(shape.height) >= 0
                assert float(shape.y) + float(shape.height) <= panel.height + 0.01


@given(CHARTS)
def test_every_chart_has_a_table_with_a_row_for_each_thing_that_it_draws(chart):
    table = table_behind(chart)
    keys = {column.key for column in table.columns}
    drawn = (getattr(chart, name, []) for name in ("bars", "bins", "points", "bands", "rows"))
    assert len(table.rows) >= max(len(things) for things in drawn)
    assert all(set(row) == keys for row in table.rows)


@given(MARKERS)
def test_labels_of_an_axis_never_cover_each_other(markers):
    scale = Scale.over([0, *(one.value for one in markers)])
    _, shapes = labelled(callouts(markers, [], "EUR"), scale, 50)
    texts = [shape for shape in shapes if shape.kind == "text"]
    for at, one in enumerate(texts):
        for other in texts[:at]:
            if one.y == other.y:
                assert reach(one)[0] >= reach(other)[1] + CHARACTER - 0.02


@given(NUMBERS, NUMBERS)
def test_ticks_are_few_round_and_on_the_scale(one, other):
    scale = Scale.over([one, other])
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 5
    room = (scale.high - scale.low) * 1e-6
    assert all(scale.low - room <= tick <= scale.high + room for tick in ticks)


def test_equal_values_stand_in_the_middle():
    assert Scale.over([5, 5])(5) == 50
    assert Scale.over([0, 0])(0) == 50


@pytest.mark.parametrize(
    ("number", "text"),
    [(1234.5, "1,234.5 EUR"), (3, "3 EUR"), (0, "0 EUR"), (-0.001, "0 EUR"), (100, "100 EUR")],
)
def test_numbers_are_written_for_people(number, text):
    assert number_text(number, "EUR") == text


@pytest.mark.parametrize(
    ("number", "text"), [(1e-9, "0"), (-0.001, "0"), (50, "50"), (33.333, "33.33")]
)
def test_coordinates_have_no_exponent_and_no_signed_zero(number, text):
    assert short(number) == text


@pytest.mark.parametrize(
    "data",
    [
        {"chart": "pie", **SAID},
        {"chart": "bars", **SAID, "bars": [{"label": "a", "value": "NaN"}]},
        {"chart": "bars", **SAID, "bars": [{"label": "a", "value": -1}]},
        {"chart": "bars", **SAID, "bars": [{"label": "a", "value": 1, "colour": "red"}]},
        {"chart": "histogram", **SAID, "bins": []},
        {"chart": "histogram", **SAID, "bins": [{"low": 2, "high": 1, "count": 1}]},
        {
            "chart": "histogram",
            **SAID,
            "bins": [{"low": 0, "high": 2, "count": 1}, {"low": 1, "high": 3, "count": 1}],
        },
        {"chart": "range", **SAID, "bands": [{"low": 2, "mid": 5, "high": 4}]},
        {"chart": "grid", **SAID, "rows": ["a"], "columns": ["b", "c"], "counts": [[1]]},
        {
            "chart": "distribution",
            **SAID,
            "scale": ["a", "b"],
            "rows": [{"label": "x", "counts": [1]}],
        },
    ],
)
def test_what_cannot_be_drawn_is_refused(data):
    with pytest.raises(ValidationError):
        charts.CHART.validate_python(data)


def test_decimal_strings_are_numbers():
    chart = charts.CHART.validate_python(
        {"chart": "bars", **SAID, "bars": [{"label": "a", "value": "49.90"}]}
    )
    assert chart.bars[0].value == 49.9


def test_a_chart_survives_the_way_through_json():
    chart = charts.Bars(**SAID, bars=[charts.Bar(label="a", value=1, mark=True)])
    assert charts.CHART.validate_python(chart.model_dump(mode="json")) == chart


def test_a_table_that_a_chart_brings_comes_before_one_made_of_it():
    table = {"columns": [{"key": "a", "label": "Mine"}], "rows": [{"a": "1"}]}
    chart = charts.Bars(**SAID, bars=[], table=table)
    assert [column.label for column in table_behind(chart).columns] == ["Mine"]


def test_without_a_marked_bar_all_bars_are_alike_and_with_one_the_others_step_back():
    def names(**mark):
        chart = charts.Bars(
            **SAID, bars=[charts.Bar(label="a", value=1, **mark), charts.Bar(label="b", value=2)]
        )
        return [panel.shapes[1].name for panel in draw(chart).panels]

    assert names() == ["plot__bar", "plot__bar"]
    assert names(mark=True) == ["plot__bar--mark", "plot__bar--other"]


def test_of_a_long_label_the_value_stays_whole():
    long = charts.Marker(value=10, label="Lowest price with the target margin", text="EUR 10.60")
    (found,) = callouts([long], [], "EUR")
    assert found.label == "Lowest price with the… EUR 10.60"


def test_lines_lie_behind_all_labels():
    found = callouts(
        [charts.Marker(value=value, label="A long label") for value in (10, 10.1)], [], ""
    )
    _, shapes = labelled(found, Scale.over([0, 20]), 40)
    assert [shape.kind for shape in shapes] == ["line", "line", "text", "text"]
