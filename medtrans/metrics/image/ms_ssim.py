"""Multi-scale structural similarity as the SynthRAD2025 challenge computes it: luminance at every level.

    L = (2 ux uy + C1)/(ux² + uy² + C1)   C = (2 sx sy + C2)/(vx + vy + C2)   S = (cov + C3)/(sx sy + C3)
    MS-SSIM = Π_levels clip(mean over the mask of L^w C^w S^w, 0, 1)

C1 = (.01 Q)², C2 = (.03 Q)², C3 = C2/2; w = .0448 .2856 .3001 .2363 .1333; windows of 7³ voxels, sample covariance.
Each next level is the mean of neighbours x[2k-1], x[2k] along every axis, with zero before index 0; the mask is thinned
to every second voxel. Wang et al. 2003, https://doi.org/10.1109/ACSSC.2003.1292216, take the luminance at the coarsest
level only; the challenge uses it at every level.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from medtrans.core.errors import EmptyMask
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.core.score import Direction
from medtrans.metrics.image._masks import checked_mask
from medtrans.metrics.image._windows import Local, average, clipped

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
SMALLEST = 97
"""Smaller volumes are padded to this many voxels per axis with their edge values, masks too."""


@dataclass(frozen=True, kw_only=True)
class MSSSIM(ImageMetric):
    direction: ClassVar[Direction] = "higher"
    low: float = -1024.0
    """Lower values, and all outside the mask, are set to this before the comparison."""
    high: float = 3071.0
    """Higher values are set to this."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """From 0 to 1 (identical images). Raises EmptyMask, also where no voxel of the mask is left at a level."""
        body = checked_mask(mask, "ms_ssim")
        x, y = (_padded(clipped(image, body, self.low, self.high, np.float64)) for image in (target, translated))
        body, value = _padded(body), 1.0
        for level, weight in enumerate(WEIGHTS):
            if level:
                x, y, body = _halved(x), _halved(y), body[::2, ::2, ::2]
            mean = average(partial(self._similarity, weight), x, y, body)
            if np.isnan(mean):
                what = f"the mask is too small: no voxel of it is left at level {level + 1} of {len(WEIGHTS)}"
                raise EmptyMask("ms_ssim", what, "give a mask of the body")
            value *= min(max(mean, 0.0), 1.0)
        return value

    def _similarity(self, weight: float, s: Local) -> np.ndarray:
        """(L C S)^w, negative S cut off at 0. As C3 = C2/2, the roots cancel: C S = (2 cov + C2)/(vx + vy + C2)."""
        span = self.high - self.low
        c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
        above = (2 * s.mean_x * s.mean_y + c1) * np.maximum(2 * s.cov + c2, 0)
        below = (s.mean_x**2 + s.mean_y**2 + c1) * (s.var_x + s.var_y + c2)
        return np.asarray((above / below) ** weight)


def _padded(image: np.ndarray) -> np.ndarray:
    missing = [max(SMALLEST - side, 0) for side in image.shape]
    return np.pad(image, [(gap // 2, gap - gap // 2) for gap in missing], mode="edge") if any(missing) else image


def _halved(x: np.ndarray) -> np.ndarray:
    """x[2k - 1] and x[2k] averaged along each axis, zero standing before the first."""
    for axis in range(x.ndim):
        lines = np.moveaxis(x, axis, 0)
        even = lines[::2].copy()
        even[1:] += lines[1::2][: len(even) - 1]
        even /= 2
        x = np.moveaxis(even, 0, axis)
    return np.ascontiguousarray(x)
