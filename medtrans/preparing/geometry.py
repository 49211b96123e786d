"""Reorientation and resampling of volumes, each with its inverse back to the original grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import nibabel as nib
import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.volume import Volume, world_axes
from medtrans.preparing.resampling import along_axes, parallel, turned

Undo = Callable[[np.ndarray, float], np.ndarray]
"""(voxels (channel, *prepared grid), value outside) → voxels (channel, *original grid)."""
SPACING_TOLERANCE_MM = 1e-4
"""Largest difference of two voxel sizes that count as equal."""
Interpolation = Literal["linear", "cubic"]
ORDERS: Mapping[Interpolation, int] = {"linear": 1, "cubic": 3}
"""Order of the spline."""


def to_grid(
    volume: Volume,
    *,
    orientation: str = "RAS",
    spacing: tuple[float, float, float] | None = None,
    order: int = 1,
    background: float = 0.0,
) -> tuple[Volume, Undo]:
    """The volume reoriented to `orientation`, then resampled to `spacing` (mm), and the inverse of both.

    None keeps the voxel size. Raises UsageError.
    """
    oriented, orient_back = orient(volume, orientation)
    if spacing is None or np.allclose(oriented.spacing, spacing, rtol=0, atol=SPACING_TOLERANCE_MM):
        return oriented, lambda voxels, outside: orient_back(voxels)
    grid, before = grid_of_spacing(oriented, spacing), _empty(oriented.shape, oriented.affine)
    resampled = resample_like(oriented, grid, order=order, background=background)

    def undo(voxels: np.ndarray, outside: float) -> np.ndarray:
        predicted = Volume(voxels, grid.affine)
        return orient_back(resample_like(predicted, before, order=order, background=outside).voxels)

    return resampled, undo


def orient(volume: Volume, orientation: str) -> tuple[Volume, Callable[[np.ndarray], np.ndarray]]:
    """The volume with its axes flipped and permuted to the nearest of 48 orientations, and the exact inverse.

    Raises UsageError on a word like "RAX".
    """
    if len(orientation) != 3 or {frozenset(p) for p in ("RL", "AP", "SI")} != {_pair(c) for c in orientation}:
        raise UsageError(
            "preparing.orientation",
            f"{orientation!r} is not an orientation",
            "give three letters, for example RAS or LPS",
        )
    current = nib.orientations.io_orientation(volume.affine)
    wanted = nib.orientations.axcodes2ornt(tuple(orientation))
    change = nib.orientations.ornt_transform(current, wanted)
    axes = [int(np.flatnonzero(change[:, 0] == axis)[0]) for axis in range(3)]
    flips = tuple(axis + 1 for axis in range(3) if change[axes[axis], 1] < 0)

    def forward(voxels: np.ndarray) -> np.ndarray:
        return np.flip(voxels.transpose(0, *(axis + 1 for axis in axes)), flips)

    def back(voxels: np.ndarray) -> np.ndarray:
        return np.flip(voxels, flips).transpose(0, *(int(axis) + 1 for axis in np.argsort(axes)))

    affine = volume.affine @ nib.orientations.inv_ornt_aff(change, volume.shape)
    return Volume(forward(volume.voxels), affine), back


def _pair(letter: str) -> frozenset[str]:
    return next((frozenset(pair) for pair in ("RL", "AP", "SI") if letter in pair), frozenset())


def grid_of_spacing(volume: Volume, spacing: tuple[float, float, float]) -> Volume:
    """An empty grid of `spacing` over the same field of view, centred on the same point."""
    old, new = np.array(volume.spacing), np.array(spacing)
    shape = np.maximum(np.round(np.array(volume.shape) * old / new), 1).astype(int)
    affine = volume.affine.copy()
    affine[:3, :3] = volume.affine[:3, :3] / old * new
    middle = volume.affine @ [*((np.array(volume.shape) - 1) / 2), 1.0]
    affine[:3, 3] += (middle - affine @ [*((shape - 1) / 2), 1.0])[:3]
    return _empty(shape, affine)


def spacing_along(
    volume: Volume, spacing: tuple[float, float, float] | None, orientation: str
) -> tuple[float, float, float]:
    """The voxel size of an orientation, in the order of the axes of the volume; its own where none is given."""
    if spacing is None:
        return volume.spacing
    by_world = {"RLAPSI".index(letter) // 2: mm for letter, mm in zip(orientation, spacing, strict=True)}
    i, j, k = (by_world[axis] for axis, _ in world_axes(volume.affine))
    return i, j, k


def _empty(shape: Sequence[int], affine: np.ndarray) -> Volume:
    """A grid that takes no memory."""
    return Volume(np.broadcast_to(np.uint8(0), (1, *shape)), affine)


def resample_like(volume: Volume, reference: Volume, order: int = 1, background: float = 0.0) -> Volume:
    """`volume` on the grid of `reference`; order 0 nearest, 1 linear, 3 cubic. Where voxels grow, smoothed before.

    No value leaves the range of the volume, as a cubic spline alone would beside an edge.
    """
    change = np.linalg.inv(volume.affine) @ reference.affine
    resample = along_axes if parallel(change, reference.shape) else turned
    out = np.empty((volume.channels, *reference.shape), np.float32 if order else volume.voxels.dtype)
    for channel, voxels in enumerate(volume.voxels):
        out[channel] = resample(voxels, change, reference.shape, order, background)
        if order > 1:
            np.clip(out[channel], min(voxels.min(), background), max(voxels.max(), background), out=out[channel])
    return Volume(out, reference.affine, reference.origin)


def on_grid_of(original: Volume, degraded: Volume, air: float, interpolation: str = "cubic") -> Volume:
    """The degraded volume on the grid of the original: interpolated where its own is another one, air beyond it."""
    if degraded.shares_grid_with(original):
        return degraded
    return resample_like(degraded, original, order=ORDERS[interpolation], background=air)  # type: ignore[index]
