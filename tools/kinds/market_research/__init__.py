"""Market research: where a product stands among competitors' offers, and what that says."""

from tools.kinds.market_research.tool import MarketResearch

__all__ = ["MarketResearch"]
