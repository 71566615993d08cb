"""Templates keep to the content security policy and to the icons that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
COMPONENTS = sorted((ROOT / "templates" / "components").glob("*.html"))
ICONS = set(
    re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static" / "img" / "icons.svg").read_text())
)

ICON_NAMES = re.compile(
    r'(?:components/icon\.html" with name|\bicon)=(?:"([\w-]+)"|[\w.]+\|default:"([\w-]+)")'
)
COMMENT = re.compile(r"\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)


def name(template: Path) -> str:
    return str(template.relative_to(ROOT / "templates"))


def markup(template: Path) -> str:
    """The template without its comments, which may quote what they warn of."""
    return COMMENT.sub("", template.read_text())


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_template_has_nothing_that_the_policy_blocks(template: Path) -> None:
    text = markup(template)
    assert not re.search(r"<style\b|\sstyle=", text), "styles belong into static/css"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "scripts belong into static/js"
    assert not re.search(r"\s(?:on[a-z]+|hx-on[\w:-]*)=", text), "listeners belong into static/js"
    assert "javascript:" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_template_uses_only_icons_of_the_sprite(template: Path) -> None:
    used = {one or other for one, other in ICON_NAMES.findall(markup(template))}
    assert used <= ICONS


@pytest.mark.parametrize("component", COMPONENTS, ids=name)
def test_component_says_at_its_top_what_context_it_takes(component: Path) -> None:
    head = COMMENT.match(component.read_text())
    assert head
    assert "Context:" in head.group()


def test_every_style_sheet_is_linked() -> None:
    sheets = {str(s.relative_to(ROOT / "static")) for s in (ROOT / "static").rglob("*.css")}
    linked = re.findall(
        r"static '(css/[\w/.-]+)'", (ROOT / "templates/components/styles.html").read_text()
    )
    # Linked by the pages of the admin that need it.
    assert {*linked, "css/admin.css"} == sheets
    assert len(linked) == len(sheets) - 1
