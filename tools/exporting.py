"""Results of runs as files: Markdown and JSON of every run, CSV where it is a table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prodintel.lib.csv_files import csv_text
from tools.kinds.base import Download
from tools.markdown import cleaned
from tools.models import ToolRun, Writer
from tools.registry import tools
from tools.runs.course import Course
from tools.selectors import output_of, with_edits

MARKDOWN, JSON, CSV = "md", "json", "csv"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|])")
_SPACE = re.compile(r"\s+")
# What makes HTML, links, images and definitions of links of a text that is Markdown already. As
# entities: a backslash before would take another one's meaning away.
_ACTIVE = re.compile(r"<|(?<=\])[(:]")


def offered(run: ToolRun) -> list[dict[str, str]]:
    """What a finished run can be downloaded as: {key, name}."""
    found = [{"key": MARKDOWN, "name": "Markdown"}, {"key": JSON, "name": "JSON"}]
    tool = tools().get(run.tool)
    if tool is None:
        return found
    output = output_of(run)
    if tool.table(output) is not None:
        found.append({"key": CSV, "name": "CSV"})
    more = tool.downloads(output)
    return found + [{"key": key, "name": file.name} for key, file in more.items()]


def download(run: ToolRun, course: Course, form: str) -> Download | None:
    """The run's result as a file of this form; None where there is none of it."""
    name = f"{run.tool}-{run.pk}"
    tool = tools().get(run.tool)
    if form == MARKDOWN:
        text = markdown_of(run, course)
        return Download("Markdown", f"{name}.md", "text/markdown; charset=utf-8", text)
    if form == JSON:
        text = json.dumps(json_of(run, course), ensure_ascii=False, indent=2)
        return Download("JSON", f"{name}.json", "application/json", text)
    if tool is None:
        return None
    table = tool.table(output_of(run)) if form == CSV else None
    if table is not None:
        return Download("CSV", f"{name}.csv", "text/csv; charset=utf-8", csv_text(table))
    return tool.downloads(output_of(run)).get(form)


def json_of(run: ToolRun, course: Course) -> dict[str, Any]:
    """All of a run, as the API gives it, with people's edits and what they edited."""
    return {
        "id": run.pk,
        "tool": run.tool,
        "state": course.state,
        "options": run.options,
        "evidence": run.evidence,
        "output": output_of(run),
        "edits": run.edits,
        "writer": run.writer,
        "model": run.model,
        "prompt_version": run.prompt_version,
        "created_at": run.created_at.isoformat(),
    }


def markdown_of(run: ToolRun, course: Course) -> str:
    """The run's blocks as a document."""
    tool = tools().get(run.tool)
    title = tool.title if tool else run.tool
    lines = [f"# {title}: {_escaped(run.product.title or 'Untitled product')}", "", _origin(run)]
    for block in with_edits(course.blocks.values(), run.edits):
        if block["title"]:
            lines += ["", f"## {_escaped(block['title'])}"]
        write = WRITERS.get(block["kind"], _anything)
        lines += ["", *write(block["data"])]
    return "\n".join(lines).strip() + "\n"


def _origin(run: ToolRun) -> str:
    day = run.created_at.date().isoformat()
    if run.writer == Writer.DRAFT:
        return f"Draft by rules, without a language model, {day}."
    return f"Written by {run.model or 'a language model'}, {day}, prompt {run.prompt_version}."


def plain(value: Any) -> str:
    """A value of options or data in one line."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value)) or "–"
    return str(value)


def _escaped(text: Any) -> str:
    """A text in one line that is no markup."""
    return _MARKUP.sub(r"\\\1", _SPACE.sub(" ", str(text)).strip())


def _prose(data: Mapping[str, Any]) -> list[str]:
    """Markdown of a model, in which nothing leads out of the document."""
    text = cleaned(str(data.get("text", "")))
    return [_ACTIVE.sub(lambda found: f"&#{ord(found[0])};", text)]


def _notice(data: Mapping[str, Any]) -> list[str]:
    return [f"> {_escaped(data.get('text', ''))}"]


def _key_values(data: Mapping[str, Any]) -> list[str]:
    return [
        f"- {_escaped(one['label'])}: {_escaped(one['value'])}" for one in data.get("items", [])
    ]


def _points(data: Mapping[str, Any]) -> list[str]:
    return [f"- {_escaped(one['text'])}" for one in data.get("items", [])]


def _quotes(data: Mapping[str, Any]) -> list[str]:
    quotes = data.get("quotes", [])
    return [f"> {_escaped(one['text'])} ({_escaped(one.get('by', ''))})\n" for one in quotes]


def _fields(data: Mapping[str, Any]) -> list[str]:
    fields = data.get("fields", [])
    return [f"- {_escaped(one['label'])}: {_escaped(plain(one['value']))}" for one in fields]


def _table(data: Mapping[str, Any]) -> list[str]:
    columns: Sequence[Mapping[str, Any]] = data.get("columns", [])
    if not columns:
        return []
    head = " | ".join(_escaped(column["label"]) for column in columns)
    rule = " | ".join("---" for _ in columns)
    rows = [
        " | ".join(_escaped(_cell(row.get(column["key"]))) for column in columns)
        for row in data.get("rows", [])
    ]
    return [f"| {line} |" for line in (head, rule, *rows)]


def _cell(value: Any) -> str:
    return plain(value.get("text") if isinstance(value, Mapping) else value)


def _chart(data: Mapping[str, Any]) -> list[str]:
    return [_escaped(data.get("summary", "")), "", *_table(data.get("table") or {})]


def _anything(data: Mapping[str, Any]) -> list[str]:
    """A block of a tool's own kind: its data as a list, at every depth."""
    return list(_outline(data, 0))


def _outline(node: Any, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(node, Mapping):
        lines = []
        for key, value in node.items():
            label = _escaped(str(key).replace("_", " "))
            if isinstance(value, Mapping | list) and value:
                lines += [f"{indent}- {label}:", *_outline(value, depth + 1)]
            elif value not in (None, "", [], {}):
                lines.append(f"{indent}- {label}: {_escaped(plain(value))}")
        return lines
    if isinstance(node, list):
        return [line for one in node for line in _outline(one, depth)]
    return [f"{indent}- {_escaped(plain(node))}"]


WRITERS: Mapping[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "prose": _prose,
    "notice": _notice,
    "key_values": _key_values,
    "points": _points,
    "quotes": _quotes,
    "fields": _fields,
    "table": _table,
    "chart": _chart,
    "photos": lambda _data: [],
}
