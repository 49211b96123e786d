"""Maximum mean discrepancy of two sets of images, and whether chance explains it.

    MMD² = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) - 2 mean_{i,j} k(x_i, y_j)     k(x, y) = exp(-|x - y|² / 2σ²)

i and j of different volumes; σ is the median distance between two images that differ. Unbiased, so that it can be below
0. p: the share of random exchanges of made and real volumes that are as far apart. Gretton et al., JMLR 2012,
https://jmlr.org/papers/v13/gretton12a.html, of features standardised by both sets together: else no exchange were fair.
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
    exchanges: Annotated[int, Ge(19)] = 999
    """How many for p, which can be no smaller than 1 / (exchanges + 1)."""

    def __call__(self, made: np.ndarray, real: np.ndarray, each: int = 1) -> float:
        """MMD². Raises InputRefused below two volumes a set."""
        return float(_apart(_kernel(made, real, each), _is_made(made, real, each)[None])[0])

    def p(self, made: np.ndarray, real: np.ndarray, dice: np.random.Generator, each: int = 1) -> float:
        is_made = _is_made(made, real, each)
        ways = np.array([is_made, *(dice.permutation(is_made) for _ in range(self.exchanges))])
        found = _apart(_kernel(made, real, each), ways)
        # A tie may differ by rounding.
        return float(np.mean(found >= found[0] - 1e-12))


def _is_made(made: np.ndarray, real: np.ndarray, each: int) -> np.ndarray:
    return np.arange((len(made) + len(real)) // each) < len(made) // each


def _kernel(made: np.ndarray, real: np.ndarray, each: int) -> np.ndarray:
    """Of all pairs of volumes."""
    both = np.concatenate([made, real])
    distances = pdist(np.concatenate(standardised(made, real, by=both, fewest=2 * each)))
    width = np.median(distances[distances > 0])
    return by_volume(np.exp(-np.square(squareform(distances) / width) / 2), each)


def _apart(kernel: np.ndarray, made: np.ndarray) -> np.ndarray:
    """MMD² of each way (way, volume) to say which volumes are made."""
    x, kernel = made.astype(np.float64), kernel - np.diag(kernel.diagonal())
    y, m = 1 - x, x[0].sum()
    n = x.shape[1] - m
    to_made, to_real = x @ kernel, y @ kernel
    among_made, among_real = (to_made * x).sum(1) / (m * (m - 1)), (to_real * y).sum(1) / (n * (n - 1))
    return among_made + among_real - 2 * (to_made * y).sum(1) / (m * n)
