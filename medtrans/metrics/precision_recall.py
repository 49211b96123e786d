"""Improved precision and recall: is what is made real, and is all that is real made?

    precision:  the share of made images that lie in the real set          recall:  of real images in the made set

An image lies in a set if some member's k-th nearest neighbour in the set is no nearer to that member than the image.
Kynkäänniemi et al., NeurIPS 2019, https://arxiv.org/abs/1904.06991
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from scipy.spatial.distance import cdist

from medtrans.core.metric import Better, CohortMetric


@dataclass(frozen=True, kw_only=True)
class Precision(CohortMetric):
    better: ClassVar[Better] = "higher"
    neighbours: Annotated[int, Ge(1)] = 3
    """k; sets need more images than that."""

    def __call__(self, made: np.ndarray, real: np.ndarray) -> float:
        scale = np.maximum(real.std(0), 1e-9)
        return _inside(made / scale, real / scale, self.neighbours)


@dataclass(frozen=True, kw_only=True)
class Recall(CohortMetric):
    better: ClassVar[Better] = "higher"
    neighbours: Annotated[int, Ge(1)] = 3
    """Likewise."""

    def __call__(self, made: np.ndarray, real: np.ndarray) -> float:
        scale = np.maximum(real.std(0), 1e-9)
        return _inside(real / scale, made / scale, self.neighbours)


def _inside(images: np.ndarray, others: np.ndarray, neighbours: int) -> float:
    # Each is its own nearest, at distance 0.
    radius = np.sort(cdist(others, others), axis=1)[:, neighbours]
    return float((cdist(images, others) <= radius).any(axis=1).mean())
