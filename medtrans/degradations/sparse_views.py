"""Sparse views: a CT from fewer projections, with streaks.

    y = x + FBP_few(A_few x) - FBP_all(A_all x)

Bian et al., Phys Med Biol 2010, https://doi.org/10.1088/0031-9155/55/22/001
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

Views: TypeAlias = Annotated[int, Interval(ge=4, le=VIEWS)]


@dataclass(frozen=True, kw_only=True)
class SparseViews(LinearDegradation):
    name: Literal["sparse_views"] = "sparse_views"
    views: Views | tuple[Views, Views] = (30, 120)
    """Number of views over half a turn; a full scan has 360."""

    modalities = ("CT",)
    role = "global"
    ladder: ClassVar[Ladder] = Ladder("views", "views", (VIEWS, 180, 90, 45, 30, 20))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"views": round(draw_uniform(rng, self.views))}

    def apply(self, volume: Volume, *, views: int) -> Volume:
        full, few = beam(volume), beam(volume, _angles(views))

        def streaks(slices: np.ndarray, part: slice) -> np.ndarray:
            image = slices + np.float32(1000)
            return few.reconstruct(few.project(image)) - full.reconstruct(full.project(image))

        return add_reconstructed(volume, streaks)

    def measure(self, voxels: np.ndarray, grid: Volume, *, views: int) -> np.ndarray:
        return beam(grid, _angles(views)).project(to_slices(voxels, grid))

    def adjoint(self, measured: np.ndarray, grid: Volume, *, views: int) -> np.ndarray:
        slices = beam(grid, _angles(views)).transpose(measured)
        return from_slices(slices, grid, slices.size // int(np.prod(grid.shape)))


def _angles(views: int) -> np.ndarray:
    return np.arange(views) * pi / views
