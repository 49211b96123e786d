"""Several competitors on the same cases: mean with interval, place, and what a paired test may say.

Subjects are the unit: cases of one subject are averaged first. A competitor's place is that of its mean rank over
subjects; its interval comes from drawing subjects again (Wiesenfarth et al., Sci Rep 2021,
https://doi.org/10.1038/s41598-021-82017-6). Each is compared with the first, all p corrected together by Holm
(https://www.jstor.org/stable/4615733).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
from scipy import stats

from medtrans.core.metric import Direction
from medtrans.evaluating.statistics.intervals import AT_ONCE, FEWEST_FOR_INTERVAL, RESAMPLES, bootstrapped
from medtrans.evaluating.statistics.paired import difference, equivalence, rank_biserial, signed_rank


@dataclass(frozen=True)
class SystemRank:
    """One competitor by one metric. Intervals are of 95 %, nan below three subjects."""

    system: str
    n: int
    mean: float
    low: float
    high: float
    """Ends of the interval of the mean."""
    place: int
    """By mean rank, 1 is best; ties share the better place."""
    place_low: float
    place_high: float
    rank: float
    """Mean over subjects of the place among all; ties share the mean of their places."""
    behind: float
    """Hodges-Lehmann difference to the first, as the metric counts."""
    behind_low: float
    behind_high: float
    p: float
    """Of that difference; nan below six subjects and for the first itself."""
    effect: float
    """Matched rank-biserial correlation of the differences to the first, 1 where all are above 0."""
    equivalent: float
    """p of being equivalent to the first, within a margin; nan where none was set."""
    note: str = ""
    """Why a number is missing."""


def rank_systems(
    values: Mapping[str, Mapping[str, float]], direction: Direction, *, seed: int = 0, margin: float = math.nan
) -> list[SystemRank]:
    """Who → subject → value, the same subjects for all, becomes standings, the best mean rank first; p uncorrected."""
    names, subjects = list(values), list(next(iter(values.values())))
    table = np.array([[values[system][subject] for subject in subjects] for system in names], np.float64)
    worth = np.where(np.isnan(table), -np.inf, table if direction == "higher" else -table)
    ranks = stats.rankdata(-worth, axis=0)
    order = sorted(range(len(names)), key=lambda n: (ranks[n].mean(), -np.median(worth[n])))
    places = dict(zip(names, _places(ranks, seed), strict=True))
    found = []
    for n in order:
        rival = None if n == order[0] else table[order[0]]
        found.append(_standing(names[n], table[n], rival, float(ranks[n].mean()), places[names[n]], seed, margin))
    return found


def by_subject(scores: Sequence[tuple[str, float]]) -> dict[str, float]:
    """(subject, value) of cases → the mean of each subject."""
    grouped: dict[str, list[float]] = {}
    for subject, value in scores:
        grouped.setdefault(subject, []).append(value)
    return {subject: fmean(found) for subject, found in grouped.items()}


def holm(tables: Mapping[str, Sequence[SystemRank]]) -> dict[str, list[SystemRank]]:
    """The smallest p of all metrics times their number, the next times one less …, never falling."""
    tested = sorted((s.p, metric, s.system) for metric, table in tables.items() for s in table if not math.isnan(s.p))
    corrected, floor = {}, 0.0
    for number, (p, metric, system) in enumerate(tested):
        floor = max(floor, min(1.0, p * (len(tested) - number)))
        corrected[metric, system] = floor
    return {
        metric: [replace(line, p=corrected.get((metric, line.system), line.p)) for line in table]
        for metric, table in tables.items()
    }


def _places(ranks: np.ndarray, seed: int) -> np.ndarray:
    """Of ranks (who, subject): each one's place and the ends of its interval."""
    own = stats.rankdata(ranks.mean(1), method="min")
    if ranks.shape[1] < FEWEST_FOR_INTERVAL:
        return np.stack([own, *[np.full(len(own), math.nan)] * 2], axis=1)
    dice, drawn = np.random.default_rng(seed), []
    for _ in range(math.ceil(RESAMPLES * ranks.size / AT_ONCE)):
        again = dice.integers(ranks.shape[1], size=(min(RESAMPLES, AT_ONCE // ranks.size), ranks.shape[1]))
        drawn.append(stats.rankdata(ranks[:, again].mean(2).round(9), axis=0, method="min"))
    ends = np.quantile(np.concatenate(drawn, axis=1), (0.025, 0.975), axis=1, method="inverted_cdf")
    return np.stack([own, *ends], axis=1)


def _standing(
    system: str, own: np.ndarray, first: np.ndarray | None, rank: float, place: np.ndarray, seed: int, margin: float
) -> SystemRank:
    with np.errstate(invalid="ignore"):
        apart = own - first if first is not None else np.zeros(len(own))
    mean, behind = bootstrapped(own, np.mean, seed), difference(apart, seed)
    p, effect = signed_rank(apart), rank_biserial(apart)
    same = equivalence(apart, margin) if first is not None and not math.isnan(margin) else math.nan
    places = int(place[0]), float(place[1]), float(place[2])
    ends = (behind.value, behind.low, behind.high)
    return SystemRank(
        system, len(own), mean.value, mean.low, mean.high, *places, rank, *ends, p, effect, same, _note(own, apart)
    )


def _note(own: np.ndarray, apart: np.ndarray) -> str:
    missing, endless = int(np.isnan(own).sum()), int(np.isinf(own).sum())
    said = [f"{missing} of {len(own)} subjects have no value"] if missing else []
    said += [f"{endless} of {len(own)} subjects are infinite"] if endless else []
    if not said and not np.isfinite(apart).all():
        said.append("the first has no finite value for some subjects")
    return ", ".join(said)
