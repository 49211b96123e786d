"""Kernel inception distance (KID): difference of two sets of images in all moments of their features up to the third.

    KID = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) - 2 mean_{i,j} k(x_i, y_j)          k(x, y) = (x·y / d + 1)³

x generated, y real, d the number of features, i and j of different volumes. Unbiased: its mean over sets of one
distribution is 0 however few the images, so that it can be below 0. Features are not standardised here.
`medtrans distances` standardises them by a small real set, which raises the value above 0; compare it with that of
real halves, which is raised too.
Bińkowski et al., ICLR 2018, https://arxiv.org/abs/1801.01401, of all images at once, where the paper averages over
subsets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.metric import DistributionMetric
from medtrans.metrics.distribution._pairs import by_volume, mean_off_diagonal
from medtrans.metrics.distribution._standard import refuse_unfit


@dataclass(frozen=True, kw_only=True)
class KID(DistributionMetric):
    def __call__(self, generated: np.ndarray, real: np.ndarray, each: int = 1) -> float:
        """Raises InputRefused below two volumes a set."""
        refuse_unfit(generated, real, fewest=2 * each)
        within_generated, within_real = (mean_off_diagonal(by_volume(_kernel(x, x), each)) for x in (generated, real))
        return within_generated + within_real - 2 * float(_kernel(generated, real).mean())


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3
