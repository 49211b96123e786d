"""Coverage error: the fraction of errors within the 95 % prediction interval of the samples, against 95 %.

    | mean [ |error| ≤ w σ ] - 0.95 |,    w = t_{0.975, S - 1} √(1 + 1/S);    1.96 for an exact σ

σ is the standard deviation of S samples, whose mean is the translation. The truth is one more draw, σ itself an
estimate with S - 1 degrees of freedom: a perfect posterior has 95 % within w for every S, but only 64 % within 1.96 σ
for S = 2, and 82 % for S = 4. Values are neither clipped nor scaled. Prediction interval of a normal
distribution: Geisser, Predictive Inference, 1993; calibration by coverage: Kuleshov, Fenner, Ermon, ICML 2018,
https://arxiv.org/abs/1807.00263
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from medtrans.core.metric import UncertaintyMetric
from medtrans.metrics.uncertainty._deviations import refuse_unfit

NOMINAL = 0.95


@dataclass(frozen=True, kw_only=True)
class CoverageError(UncertaintyMetric):
    def __call__(self, error: np.ndarray, deviation: np.ndarray, samples: int | None = None) -> float:
        """From 0 to 0.95. Raises EmptyMask, InputRefused."""
        return abs(coverage(error, deviation, samples) - NOMINAL)

    def remark(self, error: np.ndarray, deviation: np.ndarray, samples: int | None = None) -> str:
        of = f"{samples} samples" if samples else "an exact standard deviation"
        within = f"the {NOMINAL:.0%} interval of {of}, ± {interval_width(samples):.2f} standard deviations"
        return f"{coverage(error, deviation, samples):.1%} of the errors lie within {within}"


def coverage(error: np.ndarray, deviation: np.ndarray, samples: int | None = None) -> float:
    """The fraction within the prediction interval. Raises EmptyMask, InputRefused."""
    refuse_unfit("coverage_error", deviation, samples=samples)
    return float((np.abs(error) <= interval_width(samples) * deviation).mean())


def interval_width(samples: int | None) -> float:
    """Half the prediction interval of one more draw, in standard deviations of `samples`; None: of infinitely many."""
    if samples is None:
        return float(stdtrit(math.inf, (1 + NOMINAL) / 2))
    return float(stdtrit(samples - 1, (1 + NOMINAL) / 2)) * math.sqrt(1 + 1 / samples)
