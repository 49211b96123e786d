"""Spatial transforms of an item by one interpolation: its voxel at p comes from q of the volume.

    q = S⁻¹ (M S p + u(p)),      S = diag(spacing)

p and q are in voxels from the centre of the item. M is the product of the matrices of all transforms, u the sum of
their displacements in millimetres. Sampled from the volume, not from a patch: rotated corners show what lies there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch.nn.functional import grid_sample

from medtrans.preparing.patches import crop
from medtrans.preparing.transforms import SpatialTransform

Interpolation = Literal["bilinear", "nearest"]
DrawnTransforms: TypeAlias = Sequence[tuple[SpatialTransform, Mapping[str, Any]]]
"""Transforms, each with the parameters that were drawn for it."""


def sampling_grid(
    drawn: DrawnTransforms, start: Sequence[int], size: Sequence[int], spacing: Sequence[float]
) -> np.ndarray:
    """q of every voxel of the item, in voxels of the volume: float32 (dimension, *size).

    The item is `size` voxels from `start`; `spacing` is in mm.
    """
    millimetres = np.array(spacing, dtype=np.float64)
    matrix = np.eye(len(size))
    for transform, parameters in drawn:
        matrix = matrix @ transform.matrix(len(size), **parameters)
    matrix = matrix * millimetres / millimetres[:, None]
    centre = (np.array(size) - 1) / 2
    offset = np.array(start) + centre - matrix @ centre
    axes = np.ogrid[tuple(slice(side) for side in size)]
    grid = np.stack([_linear(row, axes, shift) for row, shift in zip(matrix, offset, strict=True)]).astype(np.float32)
    scale = (1 / millimetres).astype(np.float32).reshape(-1, *[1] * len(size))
    for transform, parameters in drawn:
        grid += scale * transform.displacement(size, **parameters)
    return grid


def is_identity(drawn: DrawnTransforms) -> bool:
    """Whether no voxel has to be interpolated: nothing but flips was drawn."""
    return not any(transform.interpolates for transform, _ in drawn)


def sample(
    voxels: np.ndarray, grid: np.ndarray, background: float, interpolation: Interpolation = "bilinear"
) -> np.ndarray:
    """(channel, *space) at `grid` (dimension, *size), `background` outside: float32 (channel, *size)."""
    dims = grid.ndim - 1
    flat = grid.reshape(dims, -1)
    low = np.floor(flat.min(axis=1)).astype(int) - 1
    size = np.ceil(flat.max(axis=1)).astype(int) + 2 - low
    part = crop(voxels, low.tolist(), size.tolist(), background).astype(np.float32, copy=False)
    scale, shift = 2 / (size - 1), -2 * low / (size - 1) - 1
    relative = np.stack(
        [grid[axis] * np.float32(scale[axis]) + np.float32(shift[axis]) for axis in reversed(range(dims))], -1
    )
    image, positions = torch.from_numpy(part)[None], torch.from_numpy(relative)[None]
    return grid_sample(image, positions, interpolation, "border", align_corners=True)[0].numpy()


def _linear(row: np.ndarray, axes: Sequence[np.ndarray], offset: float) -> np.ndarray:
    return sum((weight * axis for weight, axis in zip(row, axes, strict=True)), start=np.array(offset))
