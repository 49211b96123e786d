"""Summary of a metric over cases: mean with its interval, SD, median, range; nan and infinite values are counted.

The subject is the unit: several volumes of one subject are averaged first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev

import numpy as np

from medtrans.core.score import Direction, MetricId, Score
from medtrans.evaluating.statistics.intervals import Estimate, mean_interval


@dataclass(frozen=True)
class Summary:
    """One metric of one system. Mean to max are over the `n` subjects with finite values, in so many `volumes`.

    They are nan where there are none. nan and inf are counted by volume.
    """

    system: str
    metric: MetricId
    unit: str
    direction: Direction
    n: int
    volumes: int
    n_nan: int
    n_inf: int
    mean: float
    sd: float
    low: float
    """Ends of the 95 % interval of the mean; nan where there is none."""
    high: float
    median: float
    min: float
    max: float


def summarise(scores: Iterable[Score]) -> list[Summary]:
    """In the order in which systems and metrics first appear."""
    groups: dict[tuple[str, MetricId], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.system, score.metric), []).append(score)
    return [_summary(system, metric, group) for (system, metric), group in groups.items()]


def by_subject(values: Sequence[tuple[str, float]]) -> dict[str, float]:
    """(subject, value) of cases → the mean of each subject."""
    grouped: dict[str, list[float]] = {}
    for subject, value in values:
        grouped.setdefault(subject, []).append(value)
    return {subject: fmean(found) for subject, found in grouped.items()}


def _summary(system: str, metric: MetricId, group: list[Score]) -> Summary:
    values = [score.value for score in group]
    finite = [(score.subject or score.case, score.value) for score in group if math.isfinite(score.value)]
    found = list(by_subject(finite).values())
    nothing = math.nan
    interval = mean_interval(np.array(found)) if found else Estimate(nothing)
    return Summary(
        system,
        metric,
        group[0].unit,
        group[0].direction,
        n=len(found),
        volumes=len(finite),
        n_nan=sum(map(math.isnan, values)),
        n_inf=sum(map(math.isinf, values)),
        mean=fmean(found) if found else nothing,
        sd=stdev(found) if len(found) > 1 else nothing,
        low=interval.low,
        high=interval.high,
        median=median(found) if found else nothing,
        min=min(found, default=nothing),
        max=max(found, default=nothing),
    )
