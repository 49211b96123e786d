"""Paired comparison of two systems on the same subjects: difference, signed-rank test, effect size, equivalence.

Hodges-Lehmann difference: the median of the means of all pairs of differences, each with itself too; it is the location
that the signed-rank test tests. Hodges and Lehmann, Ann Math Stat 1963, https://doi.org/10.1214/aoms/1177704172
Its interval is the set of shifts that this test does not reject, so that both always agree; it has an end at the k-th
smallest and largest of those means, k by the exact distribution of the rank sum (Hollander and Wolfe, section 3.3).
"""

from __future__ import annotations

import math

import numpy as np
import scipy  # scipy.stats is slow to import: scipy does it where it is first used

from medtrans.evaluating.statistics.intervals import MIN_SUBJECTS_FOR_INTERVAL, Estimate, around

MIN_SUBJECTS_FOR_TEST = 6
"""Subjects from which the two-sided test can reach p < 0.05: its smallest p is 2 / 2^n."""
MAX_EXACT = 50
"""Subjects up to which the distribution of the rank sum is counted out."""


def hodges_lehmann(differences: np.ndarray, axis: int = -1) -> np.ndarray:
    """Hodges-Lehmann estimator of location along one axis of any array."""
    return np.median(_walsh_averages(np.moveaxis(np.asarray(differences, np.float64), axis, -1)), axis=-1)


def difference(differences: np.ndarray) -> Estimate:
    """The Hodges-Lehmann difference with its 95 % interval; nan where a difference is not finite.

    From six subjects on the interval of the signed-rank test, which covers at least 95 % where differences are
    symmetric; with three to five no test reaches that, and the ends are those of Student's t.
    """
    if not np.isfinite(differences).all():
        return Estimate(math.nan)
    value, n = float(hodges_lehmann(differences)), len(differences)
    if n < MIN_SUBJECTS_FOR_TEST:
        return around(value, differences)
    means = np.sort(_walsh_averages(differences))
    rank = _critical_rank(n)
    return Estimate(value, float(means[rank - 1]), float(means[-rank]))


def needed_subjects(tests: int, level: float = 0.05) -> int:
    """Subjects from which one of so many tests, corrected by Holm, can reach p < `level`: 2 / 2^n · tests < level."""
    return max(MIN_SUBJECTS_FOR_TEST, math.floor(math.log2(2 * tests / level)) + 1)


def signed_rank(differences: np.ndarray) -> float:
    """p of Wilcoxon's signed-rank test, two-sided; exact up to 50 subjects, with ties or differences of 0 up to 13.

    nan below six subjects, where a difference is not finite, and where all are 0. Biometrics Bulletin 1945,
    https://doi.org/10.2307/3001968
    """
    if len(differences) < MIN_SUBJECTS_FOR_TEST or not np.isfinite(differences).all() or not differences.any():
        return math.nan
    return float(scipy.stats.wilcoxon(differences, method="auto").pvalue)


def rank_biserial(differences: np.ndarray) -> float:
    """Matched rank-biserial correlation, the effect size of that test: (R₊ - R₋) / (R₊ + R₋), R rank sums of |d|.

    From -1 to 1, which is reached where all differences are above 0. Differences of 0 are left out; nan below three
    subjects, where no difference is left, and where one is not finite.
    Kerby, Comprehensive Psychology 2014, https://doi.org/10.2466/11.IT.3.1
    """
    d = differences[differences != 0]
    if len(differences) < MIN_SUBJECTS_FOR_INTERVAL or not len(d) or not np.isfinite(d).all():
        return math.nan
    ranks = scipy.stats.rankdata(np.abs(d))
    return float((ranks * np.sign(d)).sum() / ranks.sum())


def equivalence(differences: np.ndarray, margin: float) -> float:
    """p of two one-sided paired t-tests (TOST) of the mean difference against ±`margin`, a pre-specified margin.

    Below .05 where its 90 % interval lies within the margin. nan below two subjects and where one is not finite.
    Schuirmann, J Pharmacokinet Biopharm 1987, https://doi.org/10.1007/BF01068419
    """
    if len(differences) < 2 or not np.isfinite(differences).all():
        return math.nan
    if np.ptp(differences) == 0:
        return float(abs(float(differences[0])) >= margin)
    above = scipy.stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = scipy.stats.ttest_1samp(differences, margin, alternative="less").pvalue
    return float(max(above, below))


def _walsh_averages(d: np.ndarray) -> np.ndarray:
    """Means of all pairs along the last axis, each with itself too."""
    one, other = np.triu_indices(d.shape[-1])
    return (d[..., one] + d[..., other]) / 2


def _critical_rank(n: int) -> int:
    """The largest k with P(rank sum < k) ≤ .025 for n subjects: exact up to 50, by the normal approximation above."""
    if n > MAX_EXACT:
        return int(n * (n + 1) / 4 - scipy.stats.norm.ppf(0.975) * math.sqrt(n * (n + 1) * (2 * n + 1) / 24))
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1
    for rank in range(1, n + 1):
        ways[rank:] += ways[:-rank].copy()
    return int(np.searchsorted(np.cumsum(ways) / 2.0**n, 0.025, side="right"))
