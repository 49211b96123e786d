"""Fréchet distance of two sets of images: between the normal distributions that fit their features.

    d² = |m_a - m_b|² + tr(C_a + C_b - 2 (C_a C_b)^½)

the last trace by the eigenvalues of C_a C_b. Heusel et al., NeurIPS 2017, https://arxiv.org/abs/1706.08500 (d² there
too), of features standardised by the real set, so that all count alike.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from medtrans.core.metric import DistributionMetric
from medtrans.metrics.distribution._standard import standardised

ENOUGH = 10
"""Images for each feature; with fewer, even two halves of one set are far apart."""


@dataclass(frozen=True, kw_only=True)
class Frechet(DistributionMetric):
    def __call__(self, made: np.ndarray, real: np.ndarray, each: int = 1) -> float:
        """0 for the same set; warns below ENOUGH images a feature. Raises InputRefused below two images."""
        count, dimension = min(len(made), len(real)), real.shape[1]
        if count < ENOUGH * dimension:
            warnings.warn(f"frechet: {count} images are too few for {dimension} features", stacklevel=2)
        a, b = standardised(made, real, by=real, fewest=2)
        one, other = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
        root = np.sqrt(np.linalg.eigvals(one @ other).real.clip(min=0)).sum()
        return max(float(np.square(a.mean(0) - b.mean(0)).sum() + np.trace(one + other) - 2 * root), 0.0)
