"""Kernel distance (KID): how far two sets of images are apart in all moments of their features up to the third.

    KID = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) - 2 mean_{i,j} k(x_i, y_j)          k(x, y) = (x·y / d + 1)³

x made, y real, d the number of features, i and j of different volumes. Unbiased: its mean over sets of one distribution
is 0 however few the images, so that it can be below 0. Features are taken as they are: standardised by a small real
set, as `medtrans distances` must to let them count alike, it lies above 0; read it beside real halves, which do too.
Bińkowski et al., ICLR 2018, https://arxiv.org/abs/1801.01401, of all images at once, where the paper averages over
subsets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.metric import DistributionMetric
from medtrans.metrics.distribution._pairs import among, by_volume
from medtrans.metrics.distribution._standard import refuse_unfit


@dataclass(frozen=True, kw_only=True)
class KID(DistributionMetric):
    def __call__(self, made: np.ndarray, real: np.ndarray, each: int = 1) -> float:
        """Raises InputRefused below two volumes a set."""
        refuse_unfit(made, real, fewest=2 * each)
        among_made, among_real = (among(by_volume(_kernel(images, images), each)) for images in (made, real))
        return among_made + among_real - 2 * float(_kernel(made, real).mean())


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3
