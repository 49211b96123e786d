"""Scores of many cases in one line each; nothing is swallowed: what is nan or infinite is counted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, median, stdev

from medtrans.core.metric import Better, Score


@dataclass(frozen=True)
class Summary:
    """One metric of one competitor. Mean to max are over the `n` finite values; nan if there are none."""

    who: str
    metric: str
    unit: str
    better: Better
    n: int
    n_nan: int
    n_inf: int
    mean: float
    sd: float
    median: float
    min: float
    max: float


def summarise(scores: Iterable[Score]) -> list[Summary]:
    """In the order in which competitors and metrics first appear."""
    groups: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.who, score.metric), []).append(score)
    return [_summary(who, metric, group) for (who, metric), group in groups.items()]


def _summary(who: str, metric: str, group: list[Score]) -> Summary:
    values = [score.value for score in group]
    finite = [value for value in values if math.isfinite(value)]
    nothing = math.nan
    return Summary(
        who,
        metric,
        group[0].unit,
        group[0].better,
        n=len(finite),
        n_nan=sum(map(math.isnan, values)),
        n_inf=sum(map(math.isinf, values)),
        mean=fmean(finite) if finite else nothing,
        sd=stdev(finite) if len(finite) > 1 else nothing,
        median=median(finite) if finite else nothing,
        min=min(finite, default=nothing),
        max=max(finite, default=nothing),
    )
