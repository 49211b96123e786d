"""Normalised mean squared error within a mask.

    NMSE = Σ (target - translated)² / Σ target²

For magnitudes; it means little for HU, whose zero is water. Zbontar et al. 2018, https://arxiv.org/abs/1811.08839
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class NMSE(ImageMetric):
    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 for identical images, 1 for a translation of 0. Raises EmptyMask; InputRefused for a target of 0."""
        body = checked_mask(mask, "nmse")
        x, y = (image[body].astype(np.float64) for image in (translated, target))
        if not y.any():
            raise InputRefused(
                "nmse",
                "the target is 0 everywhere in the mask, so that the error cannot be normalised",
                "use mae instead",
            )
        return float(np.square(y - x).sum() / np.square(y).sum())
