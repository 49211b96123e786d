"""Low in-plane resolution: the outer k-space is not measured, and is filled with zeros.

    y = |Fᴴ M F x|,   M(k) = 1 where |k| < 1 / (2 voxel size) along both axes of a slice

Gibbs ringing at edges follows from it. Brown, Haacke et al., Magnetic Resonance Imaging, 2nd edition 2014, chapters 12
and 13, https://doi.org/10.1002/9781118633953
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from medtrans.core.degradation import Ladder, Positive, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._directions import Plane, draw_plane
from medtrans.degradations._k_space import spread
from medtrans.degradations._sampled_k_space import SampledKSpace


@dataclass(frozen=True, kw_only=True)
class LowResolution(SampledKSpace):
    name: Literal["low_resolution"] = "low_resolution"
    millimetres: Positive = (1.5, 3.0)
    """Voxel size in mm that the measured k-space corresponds to."""
    plane: Plane = "axial"
    """Plane of the slices."""

    units: ClassVar[dict[str, str]] = {"millimetres": "mm"}
    ladder: ClassVar[Ladder] = Ladder("millimetres", (1e-3, 2.5, 3.5, 5, 7, 10))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"millimetres": draw_uniform(rng, self.millimetres), "plane": draw_plane(rng, self.plane)}

    def mask(self, grid: Volume, axes: Sequence[int], *, millimetres: float) -> np.ndarray:
        kept = [_measured(grid.shape[axis], grid.spacing[axis], millimetres) for axis in axes]
        return spread(np.logical_and.outer(*kept), axes)

    def pseudo_inverse(self, measured: np.ndarray, grid: Volume, **parameters: Any) -> np.ndarray:
        return self.adjoint(measured, grid, **parameters)


def _measured(side: int, spacing: float, millimetres: float) -> np.ndarray:
    """Which frequencies along an axis are measured; symmetric, so that a real image stays real."""
    frequencies = np.abs(np.arange(side) - side // 2) / (side * spacing)
    return np.asarray(frequencies < max(0.5 / millimetres, 1e-9)) | (millimetres <= spacing)
