"""Charts as shapes: what a template needs to write SVG that keeps its text readable at any width.

A drawing has no view box. Across, everything is in per cent of the width it is given, so a chart
fills a phone as well as a page; down, and for text, it is in CSS pixels, so nothing shrinks. It is
made of panels, one under the other, which share their scale; names and values of rows are HTML
beside a panel's shapes, where they can wrap. Styles are classes only.
"""

from tools.drawing.kinds import draw
from tools.drawing.shapes import Drawing, number_text

__all__ = ["Drawing", "draw", "number_text"]
