"""Own grid of a degraded image, from its interpolation on the grid of the original.

    m = A y + U⁺ (x - U A y)            x the interpolated image, U the interpolation, y an estimate of the original

U works along one axis, that of the slices or of phase encoding. It keeps to the range of its image, so that it is not
quite linear: of the true y the difference is 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from medtrans.core.known_operator import KnownOperator
from medtrans.core.volume import Volume
from medtrans.preparing.geometry import on_grid_of

BEYOND = -1.0
"""Marks voxels beyond the degraded image."""


def unresampled(
    operator: KnownOperator, source: Volume, own: Volume, interpolation: str, air: float
) -> Callable[[np.ndarray], np.ndarray]:
    """The measurements behind a source on the grid of the original, as a function of an estimate of it.

    `own` has the grid of the degraded image.
    """
    grid = operator.grid
    axis = next(axis for axis in range(3) if own.shape[axis] != grid.shape[axis])
    inverse = np.linalg.pinv(interpolation_matrix(own, grid, axis, interpolation))

    def measured(estimate: np.ndarray) -> np.ndarray:
        seen = operator.measure(estimate)
        again = on_grid_of(grid, own.like(seen.astype(np.float32)), air, interpolation)
        change = np.moveaxis(source.voxels - again.voxels, axis + 1, -1) @ inverse.T
        return np.asarray(seen + np.moveaxis(change, -1, axis + 1))

    return measured


def interpolation_matrix(own: Volume, grid: Volume, axis: int, interpolation: str) -> np.ndarray:
    """(voxels of the grid, voxels of the degraded image) along an axis; rows of 0 beyond that image."""
    count = own.shape[axis]
    shapes = [[length if a == axis else 1 for a in range(3)] for length in (grid.shape[axis], count)]
    column = Volume(np.zeros((1, *shapes[0]), np.float32), grid.affine)
    units = Volume(np.eye(count, dtype=np.float32).reshape(count, *shapes[1]), own.affine)
    rows = on_grid_of(column, units, BEYOND, interpolation).voxels.reshape(count, -1).T.astype(np.float64)
    return np.where((rows == BEYOND).all(1, keepdims=True), 0.0, rows)
