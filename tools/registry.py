"""Which tools there are."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from tools.kinds.base import Tool

# In the order in which pages list them.
KINDS: tuple[str, ...] = (
    "tools.kinds.analysis.tool:Analysis",
    "tools.kinds.ad_campaign.tool:AdCampaign",
    "tools.kinds.twin_simulator:TwinSimulator",
    "tools.kinds.market_research:MarketResearch",
    "tools.kinds.pricing:Pricing",
    "tools.kinds.question:Question",
)


@cache
def tools() -> dict[str, Tool]:
    """All tools by key, in the order of pages."""
    found: dict[str, Tool] = {}
    for place in KINDS:
        module, _, name = place.partition(":")
        tool = getattr(import_module(module), name)()
        found[tool.key] = tool
    return found
