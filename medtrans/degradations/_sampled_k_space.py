"""Part of k-space, measured slice by slice: what is not measured is filled with zeros.

m = M F x,   y = |Fᴴ m|
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtrans.core.degradation import LinearDegradation
from medtrans.core.volume import Volume
from medtrans.degradations._directions import in_plane_axes
from medtrans.degradations._k_space import magnitude, to_image, to_k_space


@dataclass(frozen=True, kw_only=True)
class SampledKSpace(LinearDegradation):
    """A degradation that says which points of k-space are measured in the slices of a plane."""

    modalities = ("MR",)
    role = "global"

    @abstractmethod
    def mask(self, grid: Volume, axes: Sequence[int], *args: Any, **parameters: Any) -> np.ndarray:
        """The mask M, shaped to multiply (channel, i, j, k); `axes` are those of a slice."""

    def apply(self, volume: Volume, *, plane: str, **how: Any) -> Volume:
        measured = self.measure(volume.voxels.astype(np.float32, copy=False), volume, plane=plane, **how)
        return volume.like(magnitude(to_image(measured, in_plane_axes(volume, plane))))

    def measure(self, voxels: np.ndarray, grid: Volume, *, plane: str, **how: Any) -> np.ndarray:
        axes = in_plane_axes(grid, plane)
        return self.mask(grid, axes, **how) * to_k_space(voxels, axes)

    def adjoint(self, measured: np.ndarray, grid: Volume, *, plane: str, **how: Any) -> np.ndarray:
        axes = in_plane_axes(grid, plane)
        return np.asarray(to_image(self.mask(grid, axes, **how) * measured, axes).real)

    def measured_by(
        self, image: np.ndarray, estimate: np.ndarray, grid: Volume, *, plane: str, **how: Any
    ) -> np.ndarray:
        """The phase, which magnitudes do not have, is that of the estimate."""
        axes = in_plane_axes(grid, plane)
        phase = np.angle(to_image(self.measure(estimate, grid, plane=plane, **how), axes))
        return self.mask(grid, axes, **how) * to_k_space(image * np.exp(1j * phase), axes)
