"""Thick slices: each is the mean of what lies within its slice profile; gaps between them are lost.

    y_j = Σ_i w(z_i - z_j) x_i,   w of the width of a slice,   z_j = j (thickness + gap)

The grid has as many slices as fit. Bernstein, King and Zhou, Handbook of MRI Pulse Sequences 2004, section 8.1,
https://doi.org/10.1016/B978-0-12-092861-3.X5000-6
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Ladder, LinearDegradation, NonNegative, Positive, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._directions import Plane, draw_plane, slice_axis
from medtrans.degradations._slices import Profile, along, resliced, slice_weights


@dataclass(frozen=True, kw_only=True)
class ThickSlices(LinearDegradation):
    name: Literal["thick_slices"] = "thick_slices"
    millimetres: Positive = (3.0, 8.0)
    """Thickness of a slice in mm: the full width at half maximum of its profile."""
    gap: NonNegative = 0.0
    """Gap between slices in mm."""
    plane: Plane = "axial"
    """Plane of the slices."""
    profile: Profile = "gaussian"
    """Slice profile: of a usual excitation (gaussian), or an ideal one (box)."""

    role = "global"
    keeps_grid = False
    units: ClassVar[dict[str, str]] = {"millimetres": "mm", "gap": "mm"}
    ladder: ClassVar[Ladder] = Ladder("millimetres", (1e-3, 2, 3, 5, 7, 10))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        drawn = {"millimetres": draw_uniform(rng, self.millimetres), "gap": draw_uniform(rng, self.gap)}
        return {**drawn, "plane": draw_plane(rng, self.plane), "profile": self.profile}

    def apply(self, volume: Volume, *, millimetres: float, gap: float, plane: str, profile: str) -> Volume:
        how: dict[str, Any] = {"millimetres": millimetres, "gap": gap, "plane": plane, "profile": profile}
        voxels = self.measure(volume.voxels.astype(np.float32, copy=False), volume, **how)
        axis = slice_axis(volume, plane)
        return resliced(volume, voxels, axis, _distance(volume, axis, millimetres, gap))

    def measure(self, voxels: np.ndarray, grid: Volume, *, plane: str, **how: Any) -> np.ndarray:
        return along(voxels, slice_axis(grid, plane), _weights(grid, slice_axis(grid, plane), **how))

    def adjoint(self, measured: np.ndarray, grid: Volume, *, plane: str, **how: Any) -> np.ndarray:
        return along(measured, slice_axis(grid, plane), _weights(grid, slice_axis(grid, plane), **how).T)

    def pseudo_inverse(self, measured: np.ndarray, grid: Volume, *, plane: str, **how: Any) -> np.ndarray:
        axis = slice_axis(grid, plane)
        return along(measured, axis, np.linalg.pinv(_weights(grid, axis, **how)))


def _weights(grid: Volume, axis: int, *, millimetres: float, gap: float, profile: str) -> np.ndarray:
    spacing = grid.spacing[axis]
    return slice_weights(grid.shape[axis], spacing, millimetres, _distance(grid, axis, millimetres, gap), profile)


def _distance(grid: Volume, axis: int, millimetres: float, gap: float) -> float:
    """Slices lie no closer than those of the image."""
    return max(millimetres + gap, grid.spacing[axis])
