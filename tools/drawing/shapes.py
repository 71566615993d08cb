"""Shapes, panels and scales: what every drawing is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

DOT = 4.0
EDGE = 2.0
CLOSE = 1e-9
# At 320 px, the narrowest that a chart gets, a character takes about this share of the width.
CHARACTER = 2.1
LONGEST_LABEL = 32


@dataclass(frozen=True)
class Shape:
    """`x` and `width` in per cent, `y`, `height` and `r` in pixels; `name` is its class."""

    kind: str  # "rect", "line" (down), "rule" (across), "dot", "diamond" or "text"
    name: str
    x: str
    y: str
    width: str = "0"
    height: str = "0"
    r: str = "0"
    title: str = ""
    text: str = ""
    anchor: str = "middle"

    @property
    def size(self) -> str:
        """Twice the radius: the sides of a diamond."""
        return short(2 * float(self.r))


@dataclass(frozen=True)
class Panel:
    """Shapes over the whole width, with a name and a value above them if they are a row."""

    height: int
    shapes: list[Shape]
    label: str = ""
    value: str = ""
    mark: bool = False


@dataclass(frozen=True)
class Legend:
    """What a class of shapes stands for."""

    name: str
    text: str


@dataclass(frozen=True)
class Drawing:
    panels: list[Panel]
    legend: list[Legend] = field(default_factory=list)


def _rounded(number: float) -> float:
    """To two decimals; adding nothing takes the sign off a zero."""
    return round(number, 2) + 0.0


def short(number: float) -> str:
    """A coordinate: at most two decimals, no exponent, whatever the language."""
    return f"{_rounded(number):.2f}".rstrip("0").rstrip(".")


def number_text(number: float, unit: str = "") -> str:
    """A number for people: at most two decimals, thousands apart, its unit behind it."""
    whole = f"{_rounded(number):,.2f}".rstrip("0").rstrip(".")
    return f"{whole} {unit}".strip()


def clipped(text: str, most: int = LONGEST_LABEL) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


@dataclass(frozen=True)
class Scale:
    """From values to per cent of the width, between `left` and `right`."""

    low: float
    high: float
    left: float = EDGE
    right: float = 100 - EDGE

    @classmethod
    def over(cls, values: Iterable[float], left: float = EDGE) -> Scale:
        """Over all these values; where they are as good as equal they stand in the middle."""
        known = [*values]
        low, high = min(known), max(known)
        size = max(abs(low), abs(high))
        if high - low <= max(size * CLOSE, CLOSE):
            room = size * 0.1 if size > CLOSE else 1
            low, high = low - room, high + room
        return cls(low, high, left)

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.left + share * (self.right - self.left)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values along the scale, at most this many."""
        rough = (self.high - self.low) / (most - 1)
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
        first = math.ceil(self.low / step)
        count = math.floor(self.high / step) - first + 1
        return [(first + number) * step for number in range(count)]


def rect(name: str, x: float, end: float, y: float, height: float, title: str = "") -> Shape:
    width = max(end - x, 0)
    return Shape("rect", name, short(x), short(y), short(width), short(height), title=title)


def line(name: str, x: float, y: float, height: float, title: str = "") -> Shape:
    return Shape("line", name, short(x), short(y), height=short(y + height), title=title)


def rule(name: str, x: float, end: float, y: float) -> Shape:
    return Shape("rule", name, short(x), short(y), width=short(end))


def dot(name: str, x: float, y: float, r: float = DOT, title: str = "", kind: str = "dot") -> Shape:
    return Shape(kind, name, short(x), short(y), r=short(r), title=title)


def words(name: str, x: float, y: float, text: str, anchor: str = "") -> Shape:
    """Text at a place; near an edge it runs inwards."""
    if not anchor:
        half = len(text) * CHARACTER / 2
        anchor = "start" if x < half else "end" if x > 100 - half else "middle"
    return Shape("text", name, short(x), short(y), text=text, anchor=anchor)


def reach(shape: Shape) -> tuple[float, float]:
    """From where to where a text runs on the narrowest screen, in per cent."""
    x, width = float(shape.x), len(shape.text) * CHARACTER
    start = {"start": x, "end": x - width, "middle": x - width / 2}[shape.anchor]
    return start, start + width
