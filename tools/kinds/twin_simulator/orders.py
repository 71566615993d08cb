"""In which order each shopper sees the twins. Seeded, kept and shown."""

from __future__ import annotations

import random
from collections.abc import Sequence


def order_for(twins: Sequence[str], *, seed: int, shopper: int) -> list[str]:
    """The twins in the order of this shopper.

    Shoppers by turns start where the one before left off in a shuffled order, so that over a panel
    each twin comes first about as often as any other.
    """
    draw = random.Random(f"{seed}:{shopper // len(twins)}")  # noqa: S311 -- no secret: to be repeated
    shuffled = list(twins)
    draw.shuffle(shuffled)
    turn = shopper % len(twins)
    return shuffled[turn:] + shuffled[:turn]
