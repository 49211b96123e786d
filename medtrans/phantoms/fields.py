"""Smooth random fields: B-splines on a coarse grid of random weights, evaluated axis by axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def smooth_field(dice: np.random.Generator, shape: Sequence[int], voxels: float) -> np.ndarray:
    """float32 of `shape`, mean 0 and deviation 1, whose bumps are about `voxels` wide."""
    counts = [int(np.ceil(side / voxels)) + 3 for side in shape]
    field = dice.standard_normal(counts).astype(np.float32)
    for axis, (side, count) in enumerate(zip(shape, counts, strict=True)):
        field = np.moveaxis(np.tensordot(_basis(side, count, voxels), field, axes=(1, axis)), 0, axis)
    field -= field.mean()
    return np.asarray(field / max(float(field.std()), 1e-6), np.float32)


def _basis(side: int, count: int, voxels: float) -> np.ndarray:
    """Values of `count` cubic B-splines at `side` voxels."""
    distance = np.abs(np.arange(side)[:, None] / voxels - (np.arange(count)[None] - 1))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.maximum(2 - distance, 0) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)
