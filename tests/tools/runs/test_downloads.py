"""Results as files: what a model wrote leads nowhere in them, and runs nothing."""

from __future__ import annotations

import pytest
from django.utils import timezone
from markdown_it import MarkdownIt

from catalog.models import Product
from tools.exporting import markdown_of
from tools.kinds.base import Block
from tools.models import ToolRun
from tools.runs.course import BLOCK, Course, Step, as_json


def rendered(text: str) -> str:
    """The Markdown of a run with this text, as a reader of files that allows everything shows it."""
    block = as_json(Block("text", "prose", "Text", {"text": text}))
    course = Course().after(Step(1, BLOCK, block))
    run = ToolRun(tool="analysis", product=Product(title="Mug"), created_at=timezone.now())
    return MarkdownIt("commonmark", {"html": True}).render(markdown_of(run, course))


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "\\<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[here](javascript:alert(1))",
        "![](https://elsewhere.example/seen.png)",
        "[here]\n\n[here]: https://elsewhere.example",
        "<https://elsewhere.example>",
    ],
)
def test_hostile_text_is_no_markup_in_markdown(hostile):
    html = rendered(hostile)
    for element in ("<script", "<img", "<a"):
        assert element not in html


def test_a_models_markdown_stays_markdown():
    html = rendered("## Good\n\n- **light** (1 < 2)\n- [a1] dark: so")
    assert "<h2>Good</h2>" in html
    assert "<strong>light</strong> (1 &lt; 2)" in html
    assert "[a1] dark: so" in html
