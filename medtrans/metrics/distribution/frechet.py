"""Fréchet distance between the normal distributions fitted to the features of two sets of images.

    d² = |m_a - m_b|² + tr(C_a + C_b - 2 (C_a C_b)^½)

the last trace by the eigenvalues of C_a C_b. Heusel et al., NeurIPS 2017, https://arxiv.org/abs/1706.08500 (d² there
too), of features standardised by the real set, so that all count alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.metric import DistributionMetric
from medtrans.metrics.distribution._standard import standardised

MIN_IMAGES_PER_FEATURE = 10
"""With fewer images, even two halves of one set have a large distance."""


@dataclass(frozen=True, kw_only=True)
class Frechet(DistributionMetric):
    def __call__(self, generated: np.ndarray, real: np.ndarray, each: int = 1) -> float:
        """0 for the same set. Raises InputRefused below two images."""
        a, b = standardised(generated, real, by=real, fewest=2)
        one, other = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
        root = np.sqrt(np.linalg.eigvals(one @ other).real.clip(min=0)).sum()
        return max(float(np.square(a.mean(0) - b.mean(0)).sum() + np.trace(one + other) - 2 * root), 0.0)

    def remark(self, generated: np.ndarray, real: np.ndarray) -> str:
        count, dimension = min(len(generated), len(real)), real.shape[1]
        few = count < MIN_IMAGES_PER_FEATURE * dimension
        return f"frechet: {count} images are too few for {dimension} features" if few else ""
