"""Improved precision: the fraction of generated images that lie in the set of real images.

An image lies in a set if some member's k-th nearest neighbour in the set is no nearer to that member than the image.
Kynkäänniemi et al., NeurIPS 2019, https://arxiv.org/abs/1904.06991, of features standardised by the real set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from medtrans.core.metric import DistributionMetric
from medtrans.core.score import Direction
from medtrans.metrics.distribution._neighbours import fraction_inside
from medtrans.metrics.distribution._standard import standardised


@dataclass(frozen=True, kw_only=True)
class Precision(DistributionMetric):
    direction: ClassVar[Direction] = "higher"
    neighbours: Annotated[int, Ge(1)] = 3
    """k; each set needs more images than that."""

    def __call__(self, generated: np.ndarray, real: np.ndarray, each: int = 1) -> float:
        """Raises InputRefused on sets of k images or fewer."""
        x, y = standardised(generated, real, by=real, fewest=self.neighbours + 1)
        return fraction_inside(x, y, self.neighbours)
