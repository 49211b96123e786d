"""Several competitors on the same cases: mean with interval, rank, and what a paired test may say.

Subjects are the unit: cases of one subject are averaged first. The interval is the bias-corrected and accelerated
bootstrap of the mean over subjects (Efron, JASA 1987, https://doi.org/10.1080/01621459.1987.10478410), the test
Wilcoxon's signed-rank test, exact, of each competitor against the first in rank, its p corrected by Holm
(https://www.jstor.org/stable/4615733).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
from scipy import stats

from medtrans.core.metric import Better

RESAMPLES = 5000
FEWEST_FOR_INTERVAL = 3
FEWEST_FOR_TEST = 6
"""Subjects from which the two-sided test can reach p < 0.05: its least p is 2 / 2^n."""


@dataclass(frozen=True)
class Standing:
    """One competitor by one metric."""

    who: str
    n: int
    mean: float
    low: float
    high: float
    """Ends of the 95 % interval of the mean; nan below three subjects."""
    rank: float
    """Mean over subjects of the place among all, 1 is best; ties share their places."""
    behind: float
    """Mean paired difference to the first in rank, as the metric counts."""
    p: float
    """Of that difference; nan below six subjects and for the first itself."""


def standings(values: Mapping[str, Mapping[str, float]], better: Better, *, seed: int = 0) -> list[Standing]:
    """Who → subject → value, the same subjects for all, becomes standings, the best mean rank first."""
    names, subjects = list(values), list(next(iter(values.values())))
    table = np.array([[values[who][subject] for subject in subjects] for who in names])
    worth = np.where(np.isfinite(table), table if better == "higher" else -table, -np.inf)
    ranks = stats.rankdata(-worth, axis=0).mean(axis=1)
    order = sorted(range(len(names)), key=lambda n: (ranks[n], -np.nanmean(worth[n])))
    first = table[order[0]]
    found = [_standing(names[n], table[n], first, float(ranks[n]), seed, leads=n == order[0]) for n in order]
    return _holm(found)


def by_subject(scores: Sequence[tuple[str, float]]) -> dict[str, float]:
    """(subject, value) of cases → the mean of each subject."""
    grouped: dict[str, list[float]] = {}
    for subject, value in scores:
        grouped.setdefault(subject, []).append(value)
    return {subject: fmean(found) for subject, found in grouped.items()}


def _standing(who: str, own: np.ndarray, first: np.ndarray, rank: float, seed: int, *, leads: bool) -> Standing:
    low, high = _interval(own, seed)
    difference, p = own - first, math.nan
    if not leads and len(own) >= FEWEST_FOR_TEST and np.isfinite(difference).all() and difference.any():
        p = float(stats.wilcoxon(difference, method="auto").pvalue)
    return Standing(who, len(own), float(own.mean()), low, high, rank, float(difference.mean()), p)


def _interval(values: np.ndarray, seed: int) -> tuple[float, float]:
    if len(values) < FEWEST_FOR_INTERVAL or not np.isfinite(values).all():
        return math.nan, math.nan
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    rng = np.random.default_rng(seed)
    found = stats.bootstrap((values,), np.mean, n_resamples=RESAMPLES, method="BCa", rng=rng).confidence_interval
    return float(found.low), float(found.high)


def _holm(found: Sequence[Standing]) -> list[Standing]:
    """The smallest p times their number, the next times one less …, never falling."""
    tested = sorted((s for s in found if not math.isnan(s.p)), key=lambda s: s.p)
    corrected, floor = {}, 0.0
    for number, standing in enumerate(tested):
        floor = max(floor, min(1.0, standing.p * (len(tested) - number)))
        corrected[standing.who] = floor
    return [replace(standing, p=corrected.get(standing.who, standing.p)) for standing in found]
