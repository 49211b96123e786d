"""Gradient error: mean absolute difference of finite differences; blur and false edges increase it.

    mean |∂ translated - ∂ target|    ∂: difference of neighbours that are both in the mask, per mm, along each axis

After the gradient difference of Mathieu et al., ICLR 2016, https://arxiv.org/abs/1511.05440, with signs kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.errors import EmptyMask
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._jumps import jumps
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class GradientError(ImageMetric):
    unit: ClassVar[str] = "of the image/mm"

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 for identical images, or those that differ by a constant. Raises EmptyMask."""
        body, total, pairs = checked_mask(mask, "gradient_error"), 0.0, 0
        for axis, mm in enumerate(spacing):
            error = jumps(translated, body, axis)[0] - jumps(target, body, axis)[0]
            total, pairs = total + float(np.abs(error).sum()) / mm, pairs + len(error)
        if not pairs:
            raise EmptyMask("gradient_error", "no two neighbouring voxels are in the mask", "give a mask of the body")
        return total / pairs
