"""Wrap-around: what lies beyond a field of view that is too small appears on its other side.

    y(r) = Σ_n x(r + n L),   L the field of view along the phase axis

The grid has the smaller field of view. Brown, Haacke et al., Magnetic Resonance Imaging, 2nd edition 2014, chapter 12,
https://doi.org/10.1002/9781118633953
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Interval

from medtrans.core.degradation import Ladder, LinearDegradation, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._directions import Direction, axis_along, draw_direction

Part: TypeAlias = Annotated[float, Interval(ge=0.3, le=1)]


@dataclass(frozen=True, kw_only=True)
class WrapAround(LinearDegradation):
    name: Literal["wrap_around"] = "wrap_around"
    field_of_view: Part | tuple[Part, Part] = (0.7, 0.9)
    """Field of view as a part of that of the image."""
    phase: Direction = "back_front"
    """Direction of phase encoding, along which the image wraps around."""

    modalities = ("MR",)
    role = "global"
    keeps_grid = False
    units: ClassVar[dict[str, str]] = {"field_of_view": "of the image's"}
    ladder: ClassVar[Ladder] = Ladder("field_of_view", (1, 0.9, 0.8, 0.7, 0.6, 0.5))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"field_of_view": draw_uniform(rng, self.field_of_view), "phase": draw_direction(rng, self.phase)}

    def apply(self, volume: Volume, *, field_of_view: float, phase: str) -> Volume:
        voxels = volume.voxels.astype(np.float32, copy=False)
        folded = self.measure(voxels, volume, field_of_view=field_of_view, phase=phase)
        axis, affine = axis_along(volume, phase), volume.affine.copy()
        affine[:3, 3] += affine[:3, axis] * _begin(volume.shape[axis], folded.shape[axis + 1])
        return Volume(folded, affine, volume.origin)

    def measure(self, voxels: np.ndarray, grid: Volume, *, field_of_view: float, phase: str) -> np.ndarray:
        axis = axis_along(grid, phase) + 1
        side, new = voxels.shape[axis], max(1, round(voxels.shape[axis] * field_of_view))
        places = (np.arange(side) - _begin(side, new)) % new
        folded = np.zeros((*voxels.shape[:axis], new, *voxels.shape[axis + 1 :]), voxels.dtype)
        np.add.at(np.moveaxis(folded, axis, 0), places, np.moveaxis(voxels, axis, 0))
        return folded

    def adjoint(self, measured: np.ndarray, grid: Volume, *, field_of_view: float, phase: str) -> np.ndarray:
        axis = axis_along(grid, phase)
        side, new = grid.shape[axis], measured.shape[axis + 1]
        return measured.take((np.arange(side) - _begin(side, new)) % new, axis + 1)


def _begin(side: int, new: int) -> int:
    """Index of the first voxel of the smaller field of view."""
    return (side - new) // 2
