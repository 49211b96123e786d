"""Normalised cross-correlation: Pearson's correlation of the two images within a mask.

    NCC = cov(translated, target) / (sd(translated) sd(target))

Independent of scale and offset, so that it also applies to images without a unit. Pearson 1895, https://doi.org/10.1098/rspl.1895.0041
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.metric import ImageMetric, Spacing
from medtrans.core.score import Direction
from medtrans.metrics.image._masks import checked_mask, refuse_flat


@dataclass(frozen=True, kw_only=True)
class NCC(ImageMetric):
    direction: ClassVar[Direction] = "higher"

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """From -1 to 1. Raises EmptyMask; InputRefused where an image has one value only."""
        body = checked_mask(mask, "ncc")
        x, y = (image[body].astype(np.float64) for image in (translated, target))
        refuse_flat("ncc", x, y)
        x, y = x - x.mean(), y - y.mean()
        return float((x @ y) / np.sqrt((x @ x) * (y @ y)))
