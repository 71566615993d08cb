"""Pricing strategy: what comparables cost, what a price leaves, and which price follows from both.

Code computes every number: `comparables` and `quantiles` what others cost, `costs` what a price
leaves, `points` and `ladder` where it may stand, `result` all of it together. A model only puts it
into words, and `figures` checks that it added no number.
"""

from tools.kinds.pricing.tool import Pricing

__all__ = ["Pricing"]
