"""Smooth random fields: B-splines on a coarse grid of random weights, evaluated axis by axis.

Unser, IEEE Signal Processing Magazine 1999, https://doi.org/10.1109/79.799930.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

DEVIATION_PER_AXIS = 0.479**0.5
"""Root of the mean sum of squares of the B-splines at a point: what independent unit weights amount to."""


def smooth_field(dice: np.random.Generator, shape: Sequence[int], voxels: float) -> np.ndarray:
    """float32 of `shape`, mean 0 and deviation 1 over many draws, whose bumps are about `voxels` wide."""
    counts = [int(np.ceil(side / voxels)) + 3 for side in shape]
    field = dice.standard_normal(counts).astype(np.float32) / np.float32(DEVIATION_PER_AXIS ** len(shape))
    for axis in reversed(range(len(shape))):
        rows = _splines(shape[axis], counts[axis], voxels)
        field = np.matmul(rows, field.reshape(int(np.prod(counts[:axis])), counts[axis], -1))
        field = field.reshape(*counts[:axis], *shape[axis:])
    return np.ascontiguousarray(field)


def _splines(side: int, count: int, voxels: float) -> np.ndarray:
    """Values of `count` cubic B-splines at `side` voxels."""
    distance = np.abs(np.arange(side)[:, None] / voxels - (np.arange(count)[None] - 1))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.maximum(2 - distance, 0) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)
