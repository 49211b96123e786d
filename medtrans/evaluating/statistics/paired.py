"""Paired comparison of two systems on the same subjects: difference, signed-rank test, effect size, equivalence.

Hodges-Lehmann difference: the median of the means of all pairs of differences, each with itself too; it is the location
that the signed-rank test tests. Hodges and Lehmann, Ann Math Stat 1963, https://doi.org/10.1214/aoms/1177704172
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from medtrans.evaluating.statistics.intervals import MIN_SUBJECTS_FOR_INTERVAL, Estimate, bootstrapped

MIN_SUBJECTS_FOR_TEST = 6
"""Subjects from which the two-sided test can reach p < 0.05: its smallest p is 2 / 2^n."""


def hodges_lehmann(differences: np.ndarray, axis: int = -1) -> np.ndarray:
    """Hodges-Lehmann estimator of location along one axis of any array."""
    d = np.moveaxis(np.asarray(differences, np.float64), axis, -1)
    one, other = np.triu_indices(d.shape[-1])
    return np.median((d[..., one] + d[..., other]) / 2, axis=-1)


def difference(differences: np.ndarray, seed: int = 0) -> Estimate:
    """The Hodges-Lehmann difference with its interval; nan where a difference is not finite."""
    if not np.isfinite(differences).all():
        return Estimate(math.nan)
    n = len(differences)
    return bootstrapped(differences, hodges_lehmann, seed, size=n * (n + 1) // 2)


def signed_rank(differences: np.ndarray) -> float:
    """p of Wilcoxon's signed-rank test, two-sided; exact up to 50 subjects, with ties or differences of 0 up to 13.

    nan below six subjects, where a difference is not finite, and where all are 0. Biometrics Bulletin 1945,
    https://doi.org/10.2307/3001968
    """
    if len(differences) < MIN_SUBJECTS_FOR_TEST or not np.isfinite(differences).all() or not differences.any():
        return math.nan
    return float(stats.wilcoxon(differences, method="auto").pvalue)


def rank_biserial(differences: np.ndarray) -> float:
    """Matched rank-biserial correlation, the effect size of that test: (R₊ - R₋) / (R₊ + R₋), R rank sums of |d|.

    From -1 to 1, which is reached where all differences are above 0. Differences of 0 are left out; nan below three
    subjects, where no difference is left, and where one is not finite.
    Kerby, Comprehensive Psychology 2014, https://doi.org/10.2466/11.IT.3.1
    """
    d = differences[differences != 0]
    if len(differences) < MIN_SUBJECTS_FOR_INTERVAL or not len(d) or not np.isfinite(d).all():
        return math.nan
    ranks = stats.rankdata(np.abs(d))
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
    above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    return float(max(above, below))
