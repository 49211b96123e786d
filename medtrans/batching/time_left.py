"""Time left of a batch: cases × the mean time of those that were translated; cases done before take none."""

from __future__ import annotations

import time
from collections.abc import Callable


class TimeLeft:
    """Progress of `count` cases that are done one after another or side by side."""

    def __init__(self, count: int, now: Callable[[], float] = time.monotonic) -> None:
        self.count = count
        self.finished = self.worked = 0
        self._now = now
        self._since = now()
        self._seconds = 0.0
        """Spent on cases that were translated."""

    def finish(self, *, worked: bool) -> None:
        """A case is finished; `worked` says whether it was translated, or was done before."""
        self.finished += 1
        since, self._since = self._since, self._now()
        if worked:
            self.worked += 1
            self._seconds += self._since - since

    def at(self, fraction: float) -> tuple[float, float | None]:
        """Fraction done of the batch, and seconds left, None while unknown; `fraction` is that of the current case."""
        done = min(self.finished + fraction, self.count)
        seconds, worked = self._seconds + self._now() - self._since, self.worked + fraction
        left = seconds / worked * (self.count - done) if worked and seconds else None
        return done / self.count, left
