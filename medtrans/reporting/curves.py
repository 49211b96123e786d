"""Curves of the training journal: each term of each player, recorded and smoothed, and the best checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.score import MetricId
from medtrans.metrics import direction

WINDOWS_PER_RUN = 25
"""The running mean is over 1/25 of the run."""
LINEAR_RANGE = 20
"""Positive values that span a larger factor have a logarithmic axis."""
MAX_POINTS = 500
"""Longer curves are drawn as the lowest and highest value of each segment."""
VALIDATION = "validation"


@dataclass(frozen=True, eq=False)
class Curve:
    """One term of one player. `best` is (step, value) of the saved checkpoint, on the curve of the monitored metric."""

    player: str
    term: str
    steps: np.ndarray
    values: np.ndarray
    smooth: np.ndarray | None
    best: tuple[float, float] | None = None
    not_finite: int = 0
    """Values that were nan or infinite."""

    @property
    def name(self) -> str:
        """Column of the journal."""
        return f"{self.player}/{self.term}".lstrip("/")

    @property
    def logarithmic(self) -> bool:
        return bool(self.player and 0 < self.values.min() < self.values.max() / LINEAR_RANGE)


def curves(journal: Sequence[Mapping[str, float]], monitor: str = "") -> list[Curve]:
    """Players in the order of the journal, then validation, then the learning rate. `monitor` names the column by
    which the best checkpoint was chosen."""
    names = list(dict.fromkeys(name for row in journal for name in row if "/" in name))
    names.sort(key=lambda name: name.startswith(VALIDATION + "/"))
    names += [name for name in ("learning_rate",) if any(name in row for row in journal)]
    found = (_curve(journal, name, name == monitor) for name in names)
    return [curve for curve in found if curve is not None]


def best_step(journal: Sequence[Mapping[str, float]], monitor: str) -> int | None:
    """The step of the saved checkpoint, by the metric of that label; None where nothing was validated."""
    chosen = [curve.best for curve in curves(journal, f"{VALIDATION}/{monitor}") if curve.best]
    return int(chosen[0][0]) if chosen else None


def higher_is_better(column: str) -> bool:
    """Of "validation/metric"; an unknown metric counts as an error, lower is better."""
    try:
        return direction(MetricId.from_label(column.rpartition("/")[2])) == "higher"
    except UsageError:
        return False


def thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most `MAX_POINTS` points with the same extremes."""
    if len(values) <= MAX_POINTS:
        return steps, values
    parts = np.array_split(np.arange(len(values)), MAX_POINTS // 2)
    chosen = [index for part in parts for index in sorted({part[values[part].argmin()], part[values[part].argmax()]})]
    return steps[chosen], values[chosen]


def _curve(journal: Sequence[Mapping[str, float]], name: str, is_best: bool) -> Curve | None:
    rows = [(float(row["step"]), float(row[name])) for row in journal if name in row]
    finite = [(step, value) for step, value in rows if math.isfinite(value)]
    if not finite:
        return None
    steps, values = np.array(finite).T
    player, _, term = name.rpartition("/")
    noisy = player != VALIDATION and len(values) >= 2 * WINDOWS_PER_RUN and name != "learning_rate"
    chosen = int(values.argmax() if higher_is_better(name) else values.argmin())
    best = (float(steps[chosen]), float(values[chosen])) if is_best else None
    return Curve(player, term, steps, values, _smooth(values) if noisy else None, best, len(rows) - len(finite))


def _smooth(values: np.ndarray) -> np.ndarray:
    """Running mean; its window shrinks at the ends."""
    half = max(len(values) // WINDOWS_PER_RUN // 2, 1)
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    first, last = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    return (total[last] - total[first]) / (last - first)
