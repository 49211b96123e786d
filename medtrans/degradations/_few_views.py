"""CT from part of the views of a full scan.

y = x + FBP(A_part x) - FBP(A_all x)
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtrans.core.degradation import LinearDegradation
from medtrans.core.volume import Volume
from medtrans.degradations._projections import VIEWS, add_reconstructed, beam, from_slices, to_slices


@dataclass(frozen=True, kw_only=True)
class FewViews(LinearDegradation):
    """A degradation that says at which angles views are measured."""

    modalities = ("CT",)
    role = "global"

    @abstractmethod
    def angles(self, *args: Any, **parameters: Any) -> np.ndarray:
        """The angles of the views in radians."""

    def apply(self, volume: Volume, *args: Any, **parameters: Any) -> Volume:
        angles = self.angles(**parameters)
        if len(angles) == VIEWS:
            return volume.like(volume.voxels.astype(np.float32, copy=False))
        full, part = beam(volume), beam(volume, angles)

        def missing(slices: np.ndarray, _: slice) -> np.ndarray:
            image = slices + np.float32(1000)
            return part.reconstruct(part.project(image)) - full.reconstruct(full.project(image))

        return add_reconstructed(volume, missing)

    def measure(self, voxels: np.ndarray, grid: Volume, *args: Any, **parameters: Any) -> np.ndarray:
        return beam(grid, self.angles(**parameters)).project(to_slices(voxels, grid))

    def adjoint(self, measured: np.ndarray, grid: Volume, *args: Any, **parameters: Any) -> np.ndarray:
        slices = beam(grid, self.angles(**parameters)).transpose(measured)
        return from_slices(slices, grid, slices.size // int(np.prod(grid.shape)))
