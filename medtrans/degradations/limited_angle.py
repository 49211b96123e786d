"""Limited angle: a CT from views of part of half a turn; edges along the missing rays are lost.

    y = x + FBP(A_part x) - FBP(A_all x),   with the weight of the views that are missing on the others

Quinto, SIAM J Math Anal 1993, https://doi.org/10.1137/0524069
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Interval

from medtrans.core.degradation import Ladder, LinearDegradation, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._projections import VIEWS, add_reconstructed, beam, from_slices, to_slices

Degrees: TypeAlias = Annotated[float, Interval(ge=30, le=180)]


@dataclass(frozen=True, kw_only=True)
class LimitedAngle(LinearDegradation):
    name: Literal["limited_angle"] = "limited_angle"
    degrees: Degrees | tuple[Degrees, Degrees] = (100.0, 150.0)
    """Angle that the views cover; half a turn, 180, is a full scan."""
    start: Annotated[float, Interval(ge=0, le=180)] | None = None
    """Angle of the first view in degrees; drawn where none is given."""

    modalities = ("CT",)
    role = "global"
    ladder: ClassVar[Ladder] = Ladder("degrees", "degrees", (180, 165, 150, 120, 90, 60))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        start = float(rng.uniform(0, 180)) if self.start is None else self.start
        return {"degrees": draw_uniform(rng, self.degrees), "start": start}

    def apply(self, volume: Volume, *, degrees: float, start: float) -> Volume:
        angles = _angles(degrees, start)
        full, part_of = beam(volume), beam(volume, angles)
        if len(angles) == VIEWS:
            return volume.like(volume.voxels.astype(np.float32, copy=False))

        def missing(slices: np.ndarray, part: slice) -> np.ndarray:
            image = slices + np.float32(1000)
            return part_of.reconstruct(part_of.project(image)) - full.reconstruct(full.project(image))

        return add_reconstructed(volume, missing)

    def measure(self, voxels: np.ndarray, grid: Volume, *, degrees: float, start: float) -> np.ndarray:
        return beam(grid, _angles(degrees, start)).project(to_slices(voxels, grid))

    def adjoint(self, measured: np.ndarray, grid: Volume, *, degrees: float, start: float) -> np.ndarray:
        slices = beam(grid, _angles(degrees, start)).transpose(measured)
        return from_slices(slices, grid, slices.size // int(np.prod(grid.shape)))


def _angles(degrees: float, start: float) -> np.ndarray:
    count = max(1, round(VIEWS * degrees / 180))
    return start * pi / 180 + np.arange(count) * pi / VIEWS
