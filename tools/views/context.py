"""What pages of the catalogue show of the tools."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from tools.registry import tools


def product_tools(request: HttpRequest) -> dict[str, Any]:
    """`product_tools`: the tools in their order, for whoever lists what there is for a product."""
    del request
    return {"product_tools": tools().values()}
