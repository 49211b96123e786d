"""Mean absolute error within a mask, never clipped.

    MAE = (1/N) Σ |target - translated|

SynthRAD2023 challenge report, https://arxiv.org/abs/2403.08447
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.metric import ImageMetric, Spacing
from medtrans.core.score import Direction
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class MAE(ImageMetric):
    unit: ClassVar[str] = "of the image"
    direction: ClassVar[Direction] = "lower"

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """The error in the images' own unit; 0 for identical images. Raises EmptyMask."""
        body = checked_mask(mask, "mae")
        difference = target[body].astype(np.float64)
        difference -= translated[body]
        return float(np.abs(difference, out=difference).mean())
