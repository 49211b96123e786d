"""Resampling of one channel (i, j, k) by splines: axis by axis where both grids are parallel, else all axes at once.

Where voxels grow, the channel is first smoothed by a Gaussian that makes the width of a voxel the new one:

    FWHM² = new² - old²

Cardoso et al., Scale factor point spread function matching, MICCAI 2015, https://doi.org/10.1007/978-3-319-24571-3_81
Cubic: Unser, Splines, IEEE Signal Processing Magazine 1999, https://doi.org/10.1109/79.799930

Smoothing and splines are linear and separable. So between parallel grids each axis has a matrix, and three products of
matrices give what SciPy's interpolation gives, but for rounding, in a tenth of its time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

SMALLEST_GROWTH = 1.01
"""Factor by which voxels must grow for the volume to be smoothed before it is resampled."""
SIGMA_OF_FWHM = 1 / math.sqrt(8 * math.log(2))
LARGEST_DRIFT = 1e-3
"""Voxels by which the axes of parallel grids may part over a whole grid, from rounding in a header."""


def parallel(change: np.ndarray, shape: Sequence[int]) -> bool:
    """Whether `change` (4, 4), from the voxels of one grid of `shape` to those of another, keeps the axes."""
    aside = np.abs(change[:3, :3] - np.diag(np.diag(change)[:3]))
    return bool((aside @ np.array(shape)).max() < LARGEST_DRIFT)


def along_axes(voxels: np.ndarray, change: np.ndarray, shape: Sequence[int], order: int, outside: float) -> np.ndarray:
    """The channel on a grid of `shape` that is parallel to its own. Places count from the voxel of the padding."""
    out = voxels if order == 0 else voxels.astype(np.float32)
    places = [change[axis, 3] + 1 + change[axis, axis] * np.arange(shape[axis]) for axis in range(3)]
    for axis, place in enumerate(places):
        if order == 0:
            nearest = np.clip(np.floor(place + 0.5) - 1, 0, voxels.shape[axis] - 1)
            out = out.take(nearest.astype(np.intp), axis)
        else:
            matrix = _matrix(voxels.shape[axis], change[axis, axis], change[axis, 3], len(place), order)
            out = np.tensordot(out, matrix, axes=(0, 1))
    for axis, place in enumerate(places):
        beyond = (place < 0) | (place > voxels.shape[axis] + 1)
        out[(slice(None),) * axis + (beyond,)] = outside
    return out


def _matrix(length: int, step: float, start: float, count: int, order: int) -> np.ndarray:
    """(count, length): what smoothing and interpolation along one axis make of each voxel."""
    units = _padded(point_spread(np.eye(length), np.array([abs(step), 1.0])), [(1, 1), (0, 0)])
    return ndimage.affine_transform(
        units, np.diag([step, 1.0]), [start + 1, 0.0], output_shape=(count, length), order=order, mode="constant"
    ).astype(np.float32)


def turned(voxels: np.ndarray, change: np.ndarray, shape: Sequence[int], order: int, outside: float) -> np.ndarray:
    """The channel on a grid of `shape` whose axes lie at any angle to its own."""
    growth = np.linalg.norm(change[:3, :3], axis=1)
    source = _padded(point_spread(voxels.astype(np.float32), growth) if order else voxels)
    coefficients = ndimage.spline_filter(source, order, np.float32) if order > 1 else source
    return ndimage.affine_transform(
        coefficients, change[:3, :3], change[:3, 3] + 1, output=source.dtype, prefilter=False,
        output_shape=tuple(shape), order=order, mode="constant", cval=outside,
    )  # fmt: skip


def point_spread(voxels: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """Voxels smoothed as far as they grow along each axis: factors of their size."""
    blur = np.where(growth > SMALLEST_GROWTH, SIGMA_OF_FWHM * np.sqrt(np.maximum(growth**2 - 1, 0)), 0.0)
    return np.asarray(ndimage.gaussian_filter(voxels, blur, mode="nearest")) if blur.any() else voxels


def _padded(voxels: np.ndarray, width: int | list[tuple[int, int]] = 1) -> np.ndarray:
    """One voxel more on each side, so that the outermost half voxel keeps its value and is not blended with air."""
    return np.pad(voxels, width, mode="edge")
