"""Multi-scale structural similarity as the SynthRAD2025 challenge computes it: luminance at every level.

    L = (2 ux uy + C1)/(ux² + uy² + C1)   C = (2 sx sy + C2)/(vx + vy + C2)   S = (cov + C3)/(sx sy + C3)
    MS-SSIM = Π_levels clip(mean over the mask of L^w C^w S^w, 0, 1)

C1 = (.01 Q)², C2 = (.03 Q)², C3 = C2/2; w = .0448 .2856 .3001 .2363 .1333; windows of 7³ voxels, sample covariance.
Wang et al. 2003 (https://doi.org/10.1109/ACSSC.2003.1292216) take the luminance at the coarsest level only: this is not
that, it is what the challenge computes. Each next level is the mean of neighbours x[2k-1], x[2k] along every axis, with
zero before index 0; the mask is thinned to every second voxel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.errors import EmptyMask
from medtrans.core.metric import Better, Metric
from medtrans.metrics.windows import inner, local

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
SMALLEST = 97
"""Smaller volumes are padded to this many voxels per axis with their edge values."""


@dataclass(frozen=True, kw_only=True)
class MSSSIM(Metric):
    better: ClassVar[Better] = "higher"
    low: float = -1024.0
    """What is below is set to this before comparing, and what is outside the mask."""
    high: float = 3071.0
    """What is above is set to this."""

    def __call__(self, translated: np.ndarray, target: np.ndarray, within: np.ndarray) -> float:
        counted = np.asarray(within, bool)
        if not counted.any():
            raise EmptyMask("ms_ssim", "the mask holds no voxel", "give the body")
        x, y = (self._shown(image, counted) for image in (target, translated))
        counted = np.pad(counted, _padding(counted.shape), mode="edge")
        value = 1.0
        for level, weight in enumerate(WEIGHTS):
            if level:
                x, y, counted = _halved(x), _halved(y), counted[::2, ::2, ::2]
            kept = inner(counted)
            if not kept.any():
                raise EmptyMask("ms_ssim", f"the mask is too small: nothing is left of it at level {level + 1}", "")
            value *= float(np.clip(_similarity(x, y, weight, self.high - self.low)[kept].mean(), 0, 1))
        return value

    def _shown(self, image: np.ndarray, counted: np.ndarray) -> np.ndarray:
        clipped = np.where(counted, np.clip(image.astype(np.float64), self.low, self.high), self.low) - self.low
        return np.pad(clipped, _padding(image.shape), mode="edge")


def _padding(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    missing = [max(SMALLEST - side, 0) for side in shape]
    return [(gap // 2, gap - gap // 2) for gap in missing]


def _halved(x: np.ndarray) -> np.ndarray:
    """x[2k - 1] and x[2k] averaged along each axis, zero standing before the first."""
    for axis in range(x.ndim):
        even = np.moveaxis(x, axis, 0)[::2]
        before = np.zeros_like(even)
        before[1:] = np.moveaxis(x, axis, 0)[1::2][: len(even) - 1]
        x = np.moveaxis((even + before) / 2, 0, axis)
    return np.ascontiguousarray(x)


def _similarity(x: np.ndarray, y: np.ndarray, weight: float, span: float) -> np.ndarray:
    """(L C S)^w of the level, each factor cut off at 0."""
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    s = local(x, y)
    sx, sy = np.sqrt(np.maximum(s.var_x, 0)), np.sqrt(np.maximum(s.var_y, 0))
    both = sx * sy
    luminance = (2 * s.mean_x * s.mean_y + c1) / (s.mean_x**2 + s.mean_y**2 + c1)
    contrast = (2 * both + c2) / (s.var_x + s.var_y + c2)
    structure = (s.cov + c2 / 2) / (both + c2 / 2)
    product = np.maximum(luminance, 0) * np.maximum(contrast, 0) * np.maximum(structure, 0)
    return np.asarray(product**weight)
