"""A block of a run as HTML, the same on pages and sockets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tools.exporting import plain
from tools.models import ToolRun


def render_block(
    block: Mapping[str, Any], run: ToolRun, *, may_edit: bool, oob: bool = False
) -> SafeString:
    """The block as a section with the id `block-<id>`; with `oob` it replaces the one of its id."""
    del run, may_edit
    return format_html(
        '<section class="card block" id="block-{}" data-state="{}"{}><h3>{}</h3><pre>{}</pre></section>',
        block["id"],
        block["state"],
        mark_safe(' hx-swap-oob="true"') if oob else "",
        block["title"],
        plain(block["data"]),
    )
