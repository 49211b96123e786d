"""Structural similarity of whole volumes, averaged within a mask.

    SSIM = (2 ux uy + C1)(2 cov + C2) / ((ux² + uy² + C1)(vx + vy + C2)),    C1 = (.01 Q)², C2 = (.03 Q)²

Windows of 7³ voxels, sample covariance; both images clipped to [low, high], set to `low` outside the mask and shifted
so that `low` is 0; single precision; 3 voxels at each border left out. Wang et al., IEEE TIP 2004,
https://doi.org/10.1109/TIP.2003.819861, as the SynthRAD2023 challenge computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.core.score import Direction
from medtrans.metrics.image._masks import checked_mask
from medtrans.metrics.image._windows import EDGE, SIDE, Local, average, clipped


@dataclass(frozen=True, kw_only=True)
class SSIM(ImageMetric):
    direction: ClassVar[Direction] = "higher"
    low: float = -1024.0
    """Lower values, and all outside the mask, are set to this before the comparison."""
    high: float = 3071.0
    """Higher values are set to this."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """At most 1, which identical images reach. Raises EmptyMask; InputRefused for fewer voxels than a window."""
        body = checked_mask(mask, "ssim")
        if min(body.shape) < SIDE:
            size = " x ".join(map(str, body.shape))
            raise InputRefused(
                "ssim", f"a volume of {size} voxels is smaller than the window of {SIDE}³", "use mae or psnr"
            )
        x, y = (clipped(image, body, self.low, self.high, np.float32) for image in (target, translated))
        value = average(self._similarity, x, y, body)
        if np.isnan(value):
            what = f"every voxel of the mask lies within {EDGE} voxels of the volume's border"
            raise EmptyMask("ssim", what, "give a mask of the body")
        return value

    def _similarity(self, s: Local) -> np.ndarray:
        span = self.high - self.low
        c1, c2 = np.float32((0.01 * span) ** 2), np.float32((0.03 * span) ** 2)
        above = (2 * s.mean_x * s.mean_y + c1) * (2 * s.cov + c2)
        below = (s.mean_x**2 + s.mean_y**2 + c1) * (s.var_x + s.var_y + c2)
        return np.asarray(above / below)
