"""Known operator: a linear degradation whose parameters are known, on the grid of an image.

m = A x
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtrans.core.degradation import LinearDegradation
from medtrans.core.volume import Volume


@dataclass(frozen=True, eq=False)
class KnownOperator:
    """The maps of a linear degradation, for voxels (channel, i, j, k) on one grid."""

    degradation: LinearDegradation
    parameters: Mapping[str, Any]
    grid: Volume

    def measure(self, voxels: np.ndarray) -> np.ndarray:
        """A x."""
        return self.degradation.measure(voxels, self.grid, **self.parameters)

    def adjoint(self, measured: np.ndarray) -> np.ndarray:
        """Aᵀ m."""
        return self.degradation.adjoint(measured, self.grid, **self.parameters)

    def measured_by(self, image: np.ndarray, estimate: np.ndarray) -> np.ndarray:
        """The measurements that a degraded image stands for. Raises InputRefused where it does not determine them."""
        return self.degradation.measured_by(image, estimate, self.grid, **self.parameters)

    def least_squares(self, measured: np.ndarray, within: float) -> np.ndarray:
        """A⁺ m, or where `within` is above 0 an image that agrees with m so far; the larger, the less it changes."""
        if not within:
            return self.pseudo_inverse(measured)
        return self.degradation.least_squares(measured, within, self.grid, **self.parameters)

    def pseudo_inverse(self, measured: np.ndarray) -> np.ndarray:
        """A⁺ m."""
        return self.degradation.pseudo_inverse(measured, self.grid, **self.parameters)

    def null_space(self, voxels: np.ndarray) -> np.ndarray:
        """x - A⁺ A x."""
        return self.degradation.null_space(voxels, self.grid, **self.parameters)
