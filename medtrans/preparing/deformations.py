"""Moving an item in space, by one interpolation: the voxel at p of the moved item comes from q of the volume.

    q = S⁻¹ (R S p / scale + shift + u(p)),      S = diag(spacing)

p and q are counted from the item's centre, in voxels; R turns, u is a smooth random field. Sampled straight from the
volume, turned corners show what is really there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch.nn.functional import grid_sample

from medtrans.preparing.patches import crop

Mode = Literal["bilinear", "nearest"]
CONTROL_POINTS = 5
"""Of a smooth random field, along each axis of an item."""


def places(drawn: Mapping[str, Any], start: Sequence[int], size: Sequence[int], spacing: Sequence[float]) -> np.ndarray:
    """q of every voxel of the item, in voxels of the volume: float32 (dimension, *size).

    The item is `size` voxels from `start`; `drawn` is Augment.draw_place's; `spacing` in mm.
    """
    mm = np.array(spacing, dtype=np.float64)
    matrix = np.diag(1 / mm) @ _rotation(drawn.get("degrees", [0.0]), len(size)) @ np.diag(mm) / drawn.get("scale", 1.0)
    offset = np.array(drawn.get("shift", [0.0] * len(size))) / mm
    centre = (np.array(size) - 1) / 2
    offset = offset + np.array(start) + centre - matrix @ centre
    axes = np.ogrid[tuple(slice(side) for side in size)]
    out = np.stack([_linear(row, axes, shift) for row, shift in zip(matrix, offset, strict=True)]).astype(np.float32)
    if "elastic" in drawn:
        dice = np.random.default_rng(drawn["elastic"]["seed"])
        for axis, distance in enumerate(mm):
            out[axis] += smooth_field(dice, size) * np.float32(drawn["elastic"]["millimetres"] / distance)
    return out


def moves(drawn: Mapping[str, Any]) -> bool:
    """Whether anything but a flip was drawn, so that voxels must be interpolated."""
    return any(name != "flip" for name in drawn)


def sample(voxels: np.ndarray, where: np.ndarray, background: float, mode: Mode = "bilinear") -> np.ndarray:
    """(channel, *space) at `where` (dimension, *size), `background` outside: float32 (channel, *size)."""
    dims = where.ndim - 1
    flat = where.reshape(dims, -1)
    low = np.floor(flat.min(axis=1)).astype(int) - 1
    size = np.ceil(flat.max(axis=1)).astype(int) + 2 - low
    part = crop(voxels, low.tolist(), size.tolist(), background).astype(np.float32, copy=False)
    scale, shift = 2 / (size - 1), -2 * low / (size - 1) - 1
    grid = np.stack(
        [where[axis] * np.float32(scale[axis]) + np.float32(shift[axis]) for axis in reversed(range(dims))], -1
    )
    moved = grid_sample(torch.from_numpy(part)[None], torch.from_numpy(grid)[None], mode, "border", align_corners=True)
    return moved[0].numpy()


def smooth_field(dice: np.random.Generator, size: Sequence[int]) -> np.ndarray:
    """Float32 (*size): a cubic B-spline over random numbers of standard deviation 1 on a coarse grid."""
    field = dice.standard_normal([CONTROL_POINTS + 3] * len(size)).astype(np.float32)
    for side in size:
        field = np.einsum("a...,sa->...s", field, _spline(side))
    return field


def _spline(side: int) -> np.ndarray:
    """Weights (side, control points + 3) of the uniform cubic B-spline."""
    knots = np.linspace(0, CONTROL_POINTS, side)[:, None] + 1 - np.arange(CONTROL_POINTS + 3)
    x = np.abs(knots)
    return np.where(x < 1, 2 / 3 - x**2 + x**3 / 2, np.clip(2 - x, 0, None) ** 3 / 6).astype(np.float32)


def _rotation(degrees: Sequence[float], dims: int) -> np.ndarray:
    """In 2D by one angle, in 3D about the three axes one after the other."""
    matrix = np.eye(dims)
    planes = [(0, 1)] if dims == 2 else [(1, 2), (0, 2), (0, 1)]
    for angle, (a, b) in zip(np.radians(degrees), planes, strict=False):
        turn = np.eye(dims)
        turn[[a, b], [a, b]] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    return matrix


def _linear(row: np.ndarray, axes: Sequence[np.ndarray], offset: float) -> np.ndarray:
    return sum((weight * axis for weight, axis in zip(row, axes, strict=True)), start=np.array(offset))
