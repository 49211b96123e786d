"""Peak signal-to-noise ratio within a mask.

    PSNR = 10 log10(Q² / MSE),    both images clipped to [low, high],  Q = high - low

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
class PSNR(ImageMetric):
    unit: ClassVar[str] = "dB"
    direction: ClassVar[Direction] = "higher"
    low: float = -1024.0
    """Lower values are set to this before the comparison."""
    high: float = 3071.0
    """Higher values are set to this."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """The ratio in dB; inf for images that are identical once clipped. Raises EmptyMask."""
        body = checked_mask(mask, "psnr")
        difference = np.clip(target[body], self.low, self.high).astype(np.float64)
        difference -= np.clip(translated[body], self.low, self.high)
        mse = float(np.square(difference, out=difference).mean())
        return 10 * float(np.log10((self.high - self.low) ** 2 / mse)) if mse else float("inf")
