"""How right a machine is, by a sample that people judged."""

from __future__ import annotations

import math
from dataclasses import dataclass

# The normal distribution's quantile for an interval of 95 %.
Z = 1.959963984540054


@dataclass(frozen=True)
class Precision:
    """The share of right ones of a random sample, with its interval of 95 %.

    The interval is Wilson's (E. B. Wilson, "Probable inference, the law of succession, and
    statistical inference", Journal of the American Statistical Association 22, 1927): unlike the
    usual one it holds for small samples and for shares near 0 and 1.
    """

    right: int
    judged: int

    @property
    def share(self) -> float | None:
        """In [0, 1]; None while nothing is judged."""
        return self.right / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds of the share, in [0, 1]; all of it while nothing is judged."""
        if not self.judged:
            return 0.0, 1.0
        n, share = self.judged, self.right / self.judged
        scale = 1 + Z**2 / n
        middle = (share + Z**2 / (2 * n)) / scale
        half = Z / scale * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
        return max(middle - half, 0.0), min(middle + half, 1.0)

    def wrong_among(self, count: int) -> tuple[int, int]:
        """About how many of so many others would be wrong, from and to."""
        low, high = self.interval
        return round(count * (1 - high)), round(count * (1 - low))
