"""What may be chosen for a run, checked: by pages, the API, and for many products at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from pydantic import ValidationError as Invalid

from tools.kinds.base import Tool
from tools.registry import tools
from tools.runs.course import storable


def chosen_tool(key: str) -> Tool:
    """The tool of this key. Raises ValidationError where there is none."""
    tool = tools().get(key)
    if tool is None:
        message = f"There is no tool of this name. There are: {', '.join(tools())}."
        raise ValidationError({"tool": [message]})
    return tool


def checked_options(tool: Tool, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as runs keep them, as JSON. Raises ValidationError by "options.NAME"."""
    try:
        return storable(tool.options.model_validate(dict(options)).model_dump(mode="json"))
    except Invalid as error:
        fields: dict[str, list[str]] = {}
        for one in error.errors(include_url=False, include_input=False):
            name = ".".join(["options", *map(str, one["loc"])])
            fields.setdefault(name, []).append(one["msg"].removeprefix("Value error, "))
        raise ValidationError(fields) from error
