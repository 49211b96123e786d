"""How far the share of errors within 1.96 of their spread is from 95 %, the share of normal errors.

    | mean [ |error| ≤ 1.96 spread ] - 0.95 |

Of values neither clipped nor scaled. Calibration by coverage: Kuleshov, Fenner, Ermon, ICML 2018,
https://arxiv.org/abs/1807.00263
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.metric import UncertaintyMetric
from medtrans.metrics.uncertainty._deviations import refuse_unfit

NOMINAL, WIDTH = 0.95, 1.96
"""The share of normal errors that lies within so many standard deviations."""


@dataclass(frozen=True, kw_only=True)
class CoverageError(UncertaintyMetric):
    def __call__(self, error: np.ndarray, spread: np.ndarray) -> float:
        """From 0 to 0.95. Raises EmptyMask, InputRefused."""
        return abs(coverage(error, spread) - NOMINAL)

    def told(self, error: np.ndarray, spread: np.ndarray) -> str:
        return f"{coverage(error, spread):.1%} of the errors lie within {WIDTH} of the spread"


def coverage(error: np.ndarray, spread: np.ndarray) -> float:
    """The share within."""
    refuse_unfit("coverage_error", spread)
    return float((np.abs(error) <= WIDTH * spread).mean())
