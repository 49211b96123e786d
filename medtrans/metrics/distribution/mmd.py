"""Maximum mean discrepancy of two sets of images, with a permutation test.

    MMD² = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) - 2 mean_{i,j} k(x_i, y_j)     k(x, y) = exp(-|x - y|² / 2σ²)

i and j of different volumes; σ is the median distance between two images that differ. Unbiased, so that it can be below
0. p: the fraction of random relabellings of generated and real volumes with an MMD² as large. Features are standardised
by both sets together, as a permutation test requires. Gretton et al., JMLR 2012,
https://jmlr.org/papers/v13/gretton12a.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge
from scipy.spatial.distance import pdist, squareform

from medtrans.core.metric import DistributionMetric
from medtrans.metrics.distribution._pairs import by_volume
from medtrans.metrics.distribution._standard import standardised


@dataclass(frozen=True, kw_only=True)
class MMD(DistributionMetric):
    permutations: Annotated[int, Ge(19)] = 999
    """Of the permutation test, whose p value cannot be below 1 / (permutations + 1)."""

    def __call__(self, generated: np.ndarray, real: np.ndarray, each: int = 1) -> float:
        """MMD². Raises InputRefused below two volumes a set."""
        return float(_squared_mmd(_kernel(generated, real, each), _labels(generated, real, each)[None])[0])

    def p_value(self, generated: np.ndarray, real: np.ndarray, rng: np.random.Generator, each: int = 1) -> float:
        labels = _labels(generated, real, each)
        permuted = np.array([labels, *(rng.permutation(labels) for _ in range(self.permutations))])
        values = _squared_mmd(_kernel(generated, real, each), permuted)
        # A tie may differ by rounding.
        return float(np.mean(values >= values[0] - 1e-12))


def _labels(generated: np.ndarray, real: np.ndarray, each: int) -> np.ndarray:
    """True for the generated volumes."""
    return np.arange((len(generated) + len(real)) // each) < len(generated) // each


def _kernel(generated: np.ndarray, real: np.ndarray, each: int) -> np.ndarray:
    """Of all pairs of volumes."""
    both = np.concatenate([generated, real])
    distances = pdist(np.concatenate(standardised(generated, real, by=both, fewest=2 * each)))
    width = np.median(distances[distances > 0])
    return by_volume(np.exp(-np.square(squareform(distances) / width) / 2), each)


def _squared_mmd(kernel: np.ndarray, generated: np.ndarray) -> np.ndarray:
    """MMD² for each labelling (labelling, volume) of the volumes as generated."""
    x, kernel = generated.astype(np.float64), kernel - np.diag(kernel.diagonal())
    y, m = 1 - x, x[0].sum()
    n = x.shape[1] - m
    from_generated, from_real = x @ kernel, y @ kernel
    within_generated = (from_generated * x).sum(1) / (m * (m - 1))
    within_real = (from_real * y).sum(1) / (n * (n - 1))
    return within_generated + within_real - 2 * (from_generated * y).sum(1) / (m * n)
