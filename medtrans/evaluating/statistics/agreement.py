"""Agreement of two measurements of the same subjects, with 95 % intervals: Bland-Altman, ICC, concordance.

One value a subject: average several first. Correlation is not agreement: a measurement that is twice the other
correlates perfectly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from medtrans.core.errors import InputRefused
from medtrans.evaluating.statistics.intervals import Estimate

Z_975 = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Limits:
    """Bias and limits of agreement, each with its interval."""

    n: int
    sd: float
    """Of the differences."""
    bias: Estimate
    lower: Estimate
    upper: Estimate


def bland_altman(one: np.ndarray, other: np.ndarray) -> Limits:
    """Of `one` - `other` (n,): mean, and mean ± 1.96 SD, between which 95 % of differences lie if they are normal.

    Variance of a limit: (1/n + 1.96² / 2(n-1)) SD². Raises InputRefused below three subjects and on nan.
    Bland and Altman, Stat Methods Med Res 1999, https://doi.org/10.1177/096228029900800204
    """
    differences = np.subtract(*_paired(one, other))
    n, mean, sd = len(differences), float(differences.mean()), float(differences.std(ddof=1))
    t = float(stats.t.ppf(0.975, n - 1))
    to_bias, to_limit = t * sd / math.sqrt(n), t * sd * math.sqrt(1 / n + Z_975**2 / (2 * (n - 1)))
    ends = (mean - Z_975 * sd, mean + Z_975 * sd)
    lower, upper = (Estimate(end, end - to_limit, end + to_limit) for end in ends)
    return Limits(n, sd, Estimate(mean, mean - to_bias, mean + to_bias), lower, upper)


def icc(ratings: np.ndarray) -> Estimate:
    """Intraclass correlation ICC(2,1) of (subject, rater): absolute agreement of one rater, raters drawn at random.

        (MS_R - MS_E) / (MS_R + (k - 1) MS_E + k (MS_C - MS_E) / n)

    MS of rows (subjects), columns (raters), error; n subjects, k raters. nan where no two values differ. Raises
    InputRefused below three subjects or two raters and on nan. Shrout and Fleiss, Psychol Bull 1979,
    https://doi.org/10.1037/0033-2909.86.2.420; interval: McGraw and Wong, Psychol Methods 1996, table 7,
    https://doi.org/10.1037/1082-989X.1.1.30
    """
    x = _measured(ratings)
    n, k = x.shape
    rows, columns, all_ = x.mean(1, keepdims=True), x.mean(0, keepdims=True), x.mean()
    r = k * np.square(rows - all_).sum() / (n - 1)
    c = n * np.square(columns - all_).sum() / (k - 1)
    e = np.square(x - rows - columns + all_).sum() / ((n - 1) * (k - 1))
    below = r + (k - 1) * e + k * (c - e) / n
    if below <= 0:
        return Estimate(math.nan)
    value = float((r - e) / below)
    if e <= 1e-12 * r and c <= 1e-12 * r:
        return Estimate(value, value, value)
    return Estimate(value, *_icc_ends(value, n, k, r, c, e))


def _icc_ends(value: float, n: int, k: int, r: float, c: float, e: float) -> tuple[float, float]:
    # Satterthwaite's degrees of freedom, of a C + b E.
    a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
    freedom = (a * c + b * e) ** 2 / ((a * c) ** 2 / (k - 1) + (b * e) ** 2 / ((n - 1) * (k - 1)))
    up, down = stats.f.ppf(0.975, n - 1, freedom), stats.f.ppf(0.975, freedom, n - 1)
    rest = k * c + (k * n - k - n) * e
    return float(n * (r - up * e) / (up * rest + n * r)), float(n * (down * r - e) / (rest + n * down * r))


def concordance(one: np.ndarray, other: np.ndarray) -> Estimate:
    """Lin's concordance correlation of (n,) and (n,): how near the pairs lie to the line of equality.

        2 s_xy / (s_x² + s_y² + (m_x - m_y)²)

    with moments over n; interval by Fisher's z. nan where no two values differ. Raises InputRefused below three
    subjects and on nan. Lin, Biometrics 1989, https://doi.org/10.2307/2532051, corrected 2000, p. 324.
    """
    x, y = _paired(one, other)
    n, shift, covariance = len(x), float(x.mean() - y.mean()), float(np.mean((x - x.mean()) * (y - y.mean())))
    below = float(x.var() + y.var()) + shift**2
    if not below:
        return Estimate(math.nan)
    value, product_of_sds = 2 * covariance / below, float(x.std() * y.std())
    if not covariance:
        return Estimate(value)
    r, u = covariance / product_of_sds, shift**2 / product_of_sds
    if abs(value) >= 1 - 1e-12:
        return Estimate(value, value, value)
    rest = 1 - value**2
    variance = (1 - r**2) * value**2 / (rest * r**2)
    variance += 2 * value**3 * (1 - value) * u / (r * rest**2) - value**4 * u**2 / (2 * r**2 * rest**2)
    half = Z_975 * math.sqrt(max(variance, 0) / (n - 2)) if n > 2 else math.nan
    z = math.atanh(value)
    return Estimate(value, math.tanh(z - half), math.tanh(z + half))


def _paired(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    both = _measured(np.stack([np.asarray(one, np.float64), np.asarray(other, np.float64)], axis=1))
    return both[:, 0], both[:, 1]


def _measured(values: np.ndarray) -> np.ndarray:
    """(subject, measurement), after checks."""
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or values.shape[0] < 3 or values.shape[1] < 2:
        what = f"has the shape {values.shape}"
        raise InputRefused("agreement", what, "give at least three subjects with two or more measurements each")
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any(axis=1).sum())
        raise InputRefused(
            "agreement", f"{bad} of {len(values)} subjects lack a finite value", "leave them out, and say so"
        )
    return values
