"""A run as HTML: the same parts on its page and, out of band, on its socket."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html

from tools.blocks import render_block
from tools.kinds.base import EVIDENCE, RUNNING
from tools.models import RESUMABLE, RunState, ToolRun
from tools.registry import tools
from tools.runs.course import Course
from tools.selectors import with_edits
from tools.using import with_used
from tools.views.words import usage_notes

# How far the page is, for a socket that is opened anew.
NUMBER = '<data id="run-number" value="{}" hx-swap-oob="true" hidden></data>'


def page_values(run: ToolRun, course: Course, *, may_edit: bool, csrf_token: str) -> dict[str, Any]:
    """What the page of a run shows of it, beside what the socket brings."""
    blocks = with_used(with_edits(course.blocks.values(), run.edits), run)
    may_edit_texts = may_edit and course.is_over
    html = {
        block["id"]: render_block(block, run, may_edit=may_edit_texts, csrf_token=csrf_token)
        for block in blocks
    }
    parts = {block["id"]: block["part"] for block in blocks}
    return {
        **_head(run, course, may_edit=may_edit),
        "evidence": [html[key] for key in html if parts[key] == EVIDENCE],
        "result": [html[key] for key in html if parts[key] != EVIDENCE],
    }


def news(
    run: ToolRun, course: Course, after: int, *, may_edit: bool, with_head: bool = True
) -> str:
    """What has changed since event `after`, as out-of-band fragments for htmx.

    The head says the same while text grows (`standing`): it can be left out then.
    """
    may_edit_texts = may_edit and course.is_over
    # With the end come the ways to use and edit what was written.
    changed = course.blocks.values() if may_edit_texts else course.changed_since(after)
    fragments = []
    for block in with_used(with_edits(changed, run.edits), run):
        is_new = block["since"] > after
        html = render_block(block, run, may_edit=may_edit_texts, oob=not is_new)
        if is_new:
            place = EVIDENCE if block["part"] == EVIDENCE else "result"
            html = format_html('<div hx-swap-oob="beforeend:#run-{}">{}</div>', place, html)
        fragments.append(html)
    if with_head:
        head = _head(run, course, may_edit=may_edit) | {"oob": True}
        fragments.append(render_to_string("tools/_run_head.html", head))
    fragments.append(format_html(NUMBER, course.number))
    return "".join(fragments)


def standing(run: ToolRun, course: Course) -> tuple[str, ...]:
    """What the head of a run says, as far as events change it."""
    return course.state, course.error, _status(run, course)


def _head(run: ToolRun, course: Course, *, may_edit: bool) -> dict[str, Any]:
    """State, acts and figures of a run."""
    return {
        "run": run,
        "state": course.state,
        "error": course.error,
        "number": course.number,
        "live": not course.is_over,
        "may_resume": may_edit and course.state in RESUMABLE,
        "may_edit": may_edit,
        "notes": usage_notes(run) if course.is_over else [],
        "status": _status(run, course),
    }


def _status(run: ToolRun, course: Course) -> str:
    """One line for who does not see the page: what is being done."""
    if course.is_over:
        words = {
            RunState.DONE: "Done.",
            RunState.STOPPED: "Stopped.",
            RunState.FAILED: f"Failed: {course.error}",
            RunState.INTERRUPTED: "Interrupted.",
        }
        return words[RunState(course.state)]
    writing = [block["title"] for block in course.blocks.values() if block["state"] == RUNNING]
    if writing:
        return f"Writing: {', '.join(filter(None, writing))}"
    return f"{tools()[run.tool].title} is starting." if run.tool in tools() else "Starting."
