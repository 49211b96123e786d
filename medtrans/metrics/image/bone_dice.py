"""Dice coefficient of bone in the translated and in the real CT.

    Dice = 2 |A ∩ B| / (|A| + |B|)    A, B: voxels of the mask at or above the threshold

Dice 1945, https://doi.org/10.2307/1932409
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.metric import ImageMetric, Spacing
from medtrans.core.score import Direction
from medtrans.metrics.image._masks import checked_mask
from medtrans.metrics.image._overlap import dice


@dataclass(frozen=True, kw_only=True)
class BoneDice(ImageMetric):
    direction: ClassVar[Direction] = "higher"
    modality: ClassVar = "CT"
    threshold: float = 250.0
    """HU from which a voxel is bone; 150 includes spongy bone."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """From 0, where all bone is missed, to 1. Raises EmptyMask, also where neither has bone."""
        body = checked_mask(mask, "bone_dice")
        return dice(body & (translated >= self.threshold), body & (target >= self.threshold))
