"""Slices of another thickness: weighted sums of the voxels along one axis.

    y_j = Σ_i w(z_i - z_j) x_i / Σ_i w(z_i - z_j),   z in mm

The profile w is a box or a Gaussian of a full width at half maximum. Beyond the image there is nothing to be summed.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from medtrans.core.volume import Volume
from medtrans.degradations.blur import DEVIATION_PER_FWHM

Profile: TypeAlias = Literal["box", "gaussian"]


def slice_weights(side: int, spacing: float, thickness: float, distance: float, profile: str) -> np.ndarray:
    """(new slices, side): the share of each voxel in each new slice; each row adds up to 1.

    Slices of `thickness` mm lie `distance` mm apart, centred in the image.
    """
    count = max(1, int(np.floor(side * spacing / distance + 1e-6)))
    centres = (np.arange(count) - (count - 1) / 2) * distance
    places = (np.arange(side) - (side - 1) / 2) * spacing
    offsets = places[None] - centres[:, None]
    if profile == "box":
        # The length of each voxel that lies within the slice.
        low, high = np.maximum(offsets - spacing / 2, -thickness / 2), np.minimum(offsets + spacing / 2, thickness / 2)
        weights = np.maximum(high - low, 0)
    else:
        deviation = max(thickness * DEVIATION_PER_FWHM, 1e-3 * spacing)
        squares = (offsets / deviation) ** 2
        weights = np.exp(-(squares - squares.min(1, keepdims=True)) / 2)
    empty = weights.sum(1) <= 0
    weights[empty] = np.abs(offsets[empty]) == np.abs(offsets[empty]).min(1, keepdims=True)
    return np.asarray(weights / weights.sum(1, keepdims=True))


def along(voxels: np.ndarray, axis: int, weights: np.ndarray) -> np.ndarray:
    """The weighted sums along voxel axis 0, 1 or 2 of (channel, i, j, k)."""
    moved = np.moveaxis(voxels, axis + 1, -1) @ weights.T.astype(voxels.dtype)
    return np.ascontiguousarray(np.moveaxis(moved, -1, axis + 1))


def resliced(volume: Volume, voxels: np.ndarray, axis: int, distance: float) -> Volume:
    """Voxels on the grid of slices that lie `distance` mm apart along an axis, centred as those of the volume."""
    affine, factor = volume.affine.copy(), distance / volume.spacing[axis]
    shift = (volume.shape[axis] - 1) / 2 - (voxels.shape[axis + 1] - 1) / 2 * factor
    affine[:3, 3] += affine[:3, axis] * shift
    affine[:3, axis] *= factor
    return Volume(voxels.astype(np.float32, copy=False), affine, volume.origin)
