"""Ranking of several systems on the same cases: means with intervals, ranks, and paired tests against the first.

Subjects are the unit: cases of one subject are averaged first. Systems are ordered by their mean rank over subjects;
the interval of a rank comes from the bootstrap over subjects (Wiesenfarth et al., Sci Rep 2021,
https://doi.org/10.1038/s41598-021-82017-6). Each system is compared with the reference: the first that is no baseline.
The p of a family of tests are corrected together by Holm (https://www.jstor.org/stable/4615733); baselines, which are
there to be seen and not to be tested, do not belong to it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import scipy  # scipy.stats is slow to import: scipy does it where it is first used

from medtrans.core.score import Direction
from medtrans.evaluating.statistics.intervals import MAX_NUMBERS, MIN_SUBJECTS_FOR_INTERVAL, RESAMPLES, mean_interval
from medtrans.evaluating.statistics.paired import difference, equivalence, rank_biserial, signed_rank

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class SystemRank:
    """One system by one metric. Intervals are of 95 %, nan below three subjects."""

    system: str
    n: int
    """Subjects."""
    mean: float
    low: float
    high: float
    """Ends of the interval of the mean."""
    rank: int
    """By mean rank, 1 is best; ties share the better rank."""
    rank_low: float
    rank_high: float
    mean_rank: float
    """Mean over subjects of the rank among all systems; ties share the mean of their ranks."""
    difference: float
    """Hodges-Lehmann difference to the reference, in the unit of the metric."""
    difference_low: float
    difference_high: float
    p: float
    """Of that difference; nan below six subjects and for the reference itself."""
    effect: float
    """Matched rank-biserial correlation of the differences to the reference, 1 where all are above 0."""
    equivalence_p: float
    """p of equivalence to the reference, within a margin; nan where none was set."""
    note: str = ""
    """Why a number is missing."""
    reference: bool = False
    """Whether the others are compared with this one."""


def rank_systems(
    values: Mapping[str, Mapping[str, float]],
    direction: Direction,
    *,
    baselines: Collection[str] = (),
    seed: int = 0,
    margin: float = math.nan,
) -> list[SystemRank]:
    """Ranks of system → subject → value, the same subjects for all, the best mean rank first; p uncorrected.

    The reference is the first that is not among `baselines`.
    """
    names, subjects = list(values), list(next(iter(values.values())))
    table = np.array([[values[system][subject] for subject in subjects] for system in names], np.float64)
    worth = np.where(np.isnan(table), -np.inf, table if direction == "higher" else -table)
    ranks = scipy.stats.rankdata(-worth, axis=0)
    order = sorted(range(len(names)), key=lambda n: (ranks[n].mean(), -np.median(worth[n])))
    intervals = _ranks(ranks, seed)
    found = []
    reference = next((n for n in order if names[n] not in baselines), order[0])
    for n in order:
        other = None if n == reference else table[reference]
        found.append(_system_rank(names[n], table[n], other, float(ranks[n].mean()), intervals[n], seed, margin))
    return found


def holm(tables: Mapping[Key, Sequence[SystemRank]], baselines: Collection[str] = ()) -> dict[Key, list[SystemRank]]:
    """p of all metrics corrected together: the smallest times their number, the next times one less …, never less.

    The p of `baselines` stay as they are, and count for nothing.
    """
    keys = list(tables)
    tested = [
        (line.p, number, line.system)
        for number, table in enumerate(tables.values())
        for line in table
        if not math.isnan(line.p) and line.system not in baselines
    ]
    ps = holm_corrected([p for p, _, _ in tested])
    corrected = {(number, system): p for p, (_, number, system) in zip(ps, tested, strict=True)}
    return {
        keys[number]: [replace(line, p=corrected.get((number, line.system), line.p)) for line in table]
        for number, table in enumerate(tables.values())
    }


def holm_corrected(ps: Sequence[float]) -> list[float]:
    """p of a family of tests, in their order; nan is no test."""
    tested = sorted((p, number) for number, p in enumerate(ps) if not math.isnan(p))
    corrected, floor = list(ps), 0.0
    for position, (p, number) in enumerate(tested):
        floor = max(floor, min(1.0, p * (len(tested) - position)))
        corrected[number] = floor
    return corrected


def _ranks(ranks: np.ndarray, seed: int) -> np.ndarray:
    """From ranks (system, subject): the rank of each system and the ends of its interval."""
    own = scipy.stats.rankdata(ranks.mean(1), method="min")
    if ranks.shape[1] < MIN_SUBJECTS_FOR_INTERVAL:
        return np.stack([own, *[np.full(len(own), math.nan)] * 2], axis=1)
    rng, resampled = np.random.default_rng(seed), []
    for _ in range(math.ceil(RESAMPLES * ranks.size / MAX_NUMBERS)):
        chosen = rng.integers(ranks.shape[1], size=(min(RESAMPLES, MAX_NUMBERS // ranks.size), ranks.shape[1]))
        resampled.append(scipy.stats.rankdata(ranks[:, chosen].mean(2).round(9), axis=0, method="min"))
    ends = np.quantile(np.concatenate(resampled, axis=1), (0.025, 0.975), axis=1, method="inverted_cdf")
    return np.stack([own, *ends], axis=1)


def _system_rank(
    system: str,
    own: np.ndarray,
    reference: np.ndarray | None,
    mean_rank: float,
    interval: np.ndarray,
    seed: int,
    margin: float,
) -> SystemRank:
    with np.errstate(invalid="ignore"):
        differences = own - reference if reference is not None else np.zeros(len(own))
    mean, estimate = mean_interval(own, seed), difference(differences)
    tested = reference is not None and not math.isnan(margin)
    rank, low, high = interval.tolist()
    return SystemRank(
        system=system,
        n=len(own),
        mean=mean.value,
        low=mean.low,
        high=mean.high,
        rank=int(rank),
        rank_low=low,
        rank_high=high,
        mean_rank=mean_rank,
        difference=estimate.value,
        difference_low=estimate.low,
        difference_high=estimate.high,
        p=signed_rank(differences),
        effect=rank_biserial(differences),
        equivalence_p=equivalence(differences, margin) if tested else math.nan,
        note=_note(own, differences),
        reference=reference is None,
    )


def _note(own: np.ndarray, differences: np.ndarray) -> str:
    missing, infinite = int(np.isnan(own).sum()), int(np.isinf(own).sum())
    notes = [f"{missing} of {len(own)} subjects have no value"] if missing else []
    notes += [f"{infinite} of {len(own)} subjects are infinite"] if infinite else []
    if not notes and not np.isfinite(differences).all():
        notes.append("the reference has no finite value for some subjects")
    return ", ".join(notes)
