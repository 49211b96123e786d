"""Anisotropy: a lower resolution along one direction, on the grid of the image.

    y = U A x     A averages over slices of the given thickness, U interpolates linearly between them

Thick slices brought back to thin ones, as a network gets them. Billot et al., SynthSR, https://doi.org/10.1126/sciadv.add3607
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Ladder, LinearDegradation, Positive, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._directions import Plane, draw_plane, slice_axis
from medtrans.degradations._slices import along, slice_weights


@dataclass(frozen=True, kw_only=True)
class Anisotropy(LinearDegradation):
    name: Literal["anisotropy"] = "anisotropy"
    millimetres: Positive = (1.0, 6.0)
    """Thickness of the slices in mm."""
    plane: Plane = "any"
    """Plane of the slices."""

    role = "global"
    units: ClassVar[dict[str, str]] = {"millimetres": "mm"}
    ladder: ClassVar[Ladder] = Ladder("millimetres", (1e-3, 2, 3, 5, 7, 10))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"millimetres": draw_uniform(rng, self.millimetres), "plane": draw_plane(rng, self.plane)}

    def measure(self, voxels: np.ndarray, grid: Volume, *, millimetres: float, plane: str) -> np.ndarray:
        return along(voxels, slice_axis(grid, plane), _matrix(grid, slice_axis(grid, plane), millimetres))

    def adjoint(self, measured: np.ndarray, grid: Volume, *, millimetres: float, plane: str) -> np.ndarray:
        return along(measured, slice_axis(grid, plane), _matrix(grid, slice_axis(grid, plane), millimetres).T)

    def pseudo_inverse(self, measured: np.ndarray, grid: Volume, *, millimetres: float, plane: str) -> np.ndarray:
        axis = slice_axis(grid, plane)
        return along(measured, axis, np.linalg.pinv(_matrix(grid, axis, millimetres)))


def _matrix(grid: Volume, axis: int, millimetres: float) -> np.ndarray:
    side, spacing = grid.shape[axis], grid.spacing[axis]
    distance = max(millimetres, spacing)
    averages = slice_weights(side, spacing, millimetres, distance, "gaussian")
    centres = (np.arange(len(averages)) - (len(averages) - 1) / 2) * distance
    places = (np.arange(side) - (side - 1) / 2) * spacing
    between = np.stack([np.interp(places, centres, row) for row in np.eye(len(averages))], axis=1)
    return np.asarray(between @ averages)
