"""Exact bounds of a share, k of n, after Clopper and Pearson.

    0 of n: upper bound 1 - 0.05^(1/n), one-sided, 95 %: 9.5 % (30), 4.9 % (60), 3.0 % (100), 1.0 % (300)

"No evidence" of hallucination is stated with this bound, and never without it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """k of n, with its one-sided bounds at 95 %; nan where n is 0."""

    k: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """k / n."""
        return self.k / self.n if self.n else math.nan

    @property
    def text(self) -> str:
        """ "3 of 40 (at most 18 %)"."""
        return f"{self.k} of {self.n}" + (f" (at most {percent(self.high)})" if self.n else "")


def rate(k: int, n: int) -> Rate:
    """The share of `k` in `n` with its bounds."""
    if n == 0:
        return Rate(k, n, math.nan, math.nan)
    # Each end of a two-sided interval at 90 % is a one-sided bound at 95 %.
    ends = stats.binomtest(k, n).proportion_ci(2 * CONFIDENCE - 1, method="exact")
    return Rate(k, n, float(ends.low), float(ends.high))


def enough_without(margin: float) -> int:
    """How many without a single event bound a share by `margin`: 29 for 10 %, 59 for 5 %."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(1 - margin))


def percent(share: float) -> str:
    """Two digits: "9.5 %", "18 %"."""
    return f"{100 * share:.1f} %" if share < 0.0995 else f"{100 * share:.0f} %"
