"""Coverage error: the fraction of errors within 1.96 predicted standard deviations, against the nominal 95 %.

    | mean [ |error| ≤ 1.96 σ ] - 0.95 |

Values are neither clipped nor scaled. Calibration by coverage: Kuleshov, Fenner, Ermon, ICML 2018,
https://arxiv.org/abs/1807.00263
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.metric import UncertaintyMetric
from medtrans.metrics.uncertainty._deviations import refuse_unfit

NOMINAL, WIDTH = 0.95, 1.96
"""The fraction of normally distributed errors within so many standard deviations."""


@dataclass(frozen=True, kw_only=True)
class CoverageError(UncertaintyMetric):
    def __call__(self, error: np.ndarray, deviation: np.ndarray) -> float:
        """From 0 to 0.95. Raises EmptyMask, InputRefused."""
        return abs(coverage(error, deviation) - NOMINAL)

    def remark(self, error: np.ndarray, deviation: np.ndarray) -> str:
        return f"{coverage(error, deviation):.1%} of the errors lie within {WIDTH} standard deviations"


def coverage(error: np.ndarray, deviation: np.ndarray) -> float:
    """The fraction within."""
    refuse_unfit("coverage_error", deviation)
    return float((np.abs(error) <= WIDTH * deviation).mean())
