"""Blur: a lower resolution, by convolution with a Gaussian.

y = x * N(0, σ²),   σ = FWHM / √(8 ln 2)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from scipy import ndimage

from medtrans.core.degradation import Ladder, LinearDegradation, NonNegative, draw_uniform
from medtrans.core.volume import Volume

DEVIATION_PER_FWHM = 1 / math.sqrt(8 * math.log(2))


@dataclass(frozen=True, kw_only=True)
class Blur(LinearDegradation):
    name: Literal["blur"] = "blur"
    millimetres: NonNegative = (0.0, 2.0)
    """Full width at half maximum of the Gaussian, in mm."""

    units: ClassVar[dict[str, str]] = {"millimetres": "mm"}
    ladder: ClassVar[Ladder] = Ladder("millimetres", (0, 1, 2, 4, 6, 9))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"millimetres": draw_uniform(rng, self.millimetres)}

    def measure(self, voxels: np.ndarray, grid: Volume, *, millimetres: float) -> np.ndarray:
        return np.asarray(ndimage.gaussian_filter(voxels, _widths(grid, millimetres), mode="nearest"))

    def adjoint(self, measured: np.ndarray, grid: Volume, *, millimetres: float) -> np.ndarray:
        for axis, width in enumerate(_widths(grid, millimetres)):
            measured = np.moveaxis(np.moveaxis(measured, axis, -1) @ _matrix(measured.shape[axis], width), -1, axis)
        return measured


def _widths(grid: Volume, millimetres: float) -> list[float]:
    """Standard deviations in voxels of (channel, i, j, k). Along an axis of one voxel there is nothing to blur."""
    sides = zip(grid.shape, grid.spacing, strict=True)
    return [0.0, *(millimetres * DEVIATION_PER_FWHM / spacing if side > 1 else 0.0 for side, spacing in sides)]


def _matrix(side: int, width: float) -> np.ndarray:
    """The filter along an axis as a matrix, one row for each voxel of the result."""
    identity = np.eye(side)
    return np.asarray(ndimage.gaussian_filter1d(identity, width, axis=0, mode="nearest")) if width else identity
