"""Figures of the review in words."""

from __future__ import annotations

from django import template

register = template.Library()
# From here on the first decimal says something.
NEAR = 0.05


@register.filter
def percent(share: float | None) -> str:
    """A share of [0, 1] as people read it: 96 %, near the ends 99.2 %; a dash for none."""
    if share is None:
        return "–"
    near_an_end = 0 < share < NEAR or 1 - NEAR < share < 1
    return f"{share * 100:.1f} %" if near_an_end else f"{share * 100:.0f} %"
