"""Partial volume: each voxel holds the mean of a cube around it, as a larger voxel would.

y = x * b,   b a box of the given width along each axis
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Ladder, LinearDegradation, NonNegative, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._slices import along, slice_weights


@dataclass(frozen=True, kw_only=True)
class PartialVolume(LinearDegradation):
    name: Literal["partial_volume"] = "partial_volume"
    millimetres: NonNegative = (1.0, 4.0)
    """Side of the cube in mm; nothing happens below the side of a voxel."""

    role = "global"
    units: ClassVar[dict[str, str]] = {"millimetres": "mm"}
    ladder: ClassVar[Ladder] = Ladder("millimetres", (0, 5, 6, 8, 10, 14))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"millimetres": draw_uniform(rng, self.millimetres)}

    def measure(self, voxels: np.ndarray, grid: Volume, *, millimetres: float) -> np.ndarray:
        for axis in range(3):
            voxels = along(voxels, axis, _matrix(grid, axis, millimetres))
        return voxels

    def adjoint(self, measured: np.ndarray, grid: Volume, *, millimetres: float) -> np.ndarray:
        for axis in range(3):
            measured = along(measured, axis, _matrix(grid, axis, millimetres).T)
        return measured

    def pseudo_inverse(self, measured: np.ndarray, grid: Volume, *, millimetres: float) -> np.ndarray:
        for axis in range(3):
            measured = along(measured, axis, np.linalg.pinv(_matrix(grid, axis, millimetres)))
        return measured


def _matrix(grid: Volume, axis: int, millimetres: float) -> np.ndarray:
    side, spacing = grid.shape[axis], grid.spacing[axis]
    return slice_weights(side, spacing, max(millimetres, spacing), spacing, "box")
