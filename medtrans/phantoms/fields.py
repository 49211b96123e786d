"""Smooth random fields with knots at fixed millimetres: the same field whatever grid it is evaluated on."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from medtrans.core.fields import normal, spline_field
from medtrans.core.volume import Volume

EXTENT = 400.0
"""Mm after which a field repeats: more than a head and neck in any direction."""


def random_field(rng: np.random.Generator, axes: Sequence[np.ndarray], millimetres: float) -> np.ndarray:
    """Smooth random field at every combination of `axes` in mm, with bumps of about that width: float32.

    Mean 0 and standard deviation 1. It takes as many random numbers from `rng` on every grid.
    """
    weights = normal(rng, [int(np.ceil(EXTENT / millimetres))] * len(axes))
    return spline_field(weights, [(axis.astype(np.float64) + EXTENT / 2) / millimetres for axis in axes])


def centred_axes(shape: Sequence[int], spacing: Sequence[float]) -> list[np.ndarray]:
    """Coordinates in mm of the voxels along i, j and k, measured from the middle of the grid: float64."""
    return [mm * (np.arange(side) - (side - 1) / 2) for side, mm in zip(shape, spacing, strict=True)]


def grid_axes(grid: Volume) -> list[np.ndarray]:
    """Coordinates in mm of the voxels along i, j and k, measured from the origin of the world: float64."""
    axes = []
    for axis, side in enumerate(grid.shape):
        i, j, k = (float(part) for part in grid.affine[:3, axis])
        r, a, s = (float(part) for part in grid.affine[:3, 3])
        spacing = sqrt(i * i + j * j + k * k)
        axes.append((i * r + j * a + k * s) / spacing + spacing * np.arange(side))
    return axes
