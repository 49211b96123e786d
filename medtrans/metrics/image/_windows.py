"""Local statistics in a cube of 7 voxels, shared by SSIM and MS-SSIM.

    mean_x = E[x]    var_x = N/(N-1) (E[x²] - E[x]²)    cov = N/(N-1) (E[xy] - E[x] E[y])    N = 343

E is the plain mean over the window. A map of similarities is averaged over the voxels of a mask whose window lies in
the volume; so nothing is computed farther than a window from the mask, and slabs of a few planes, small enough for
the processor's cache, are shared out between two threads. The result does not depend on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

SIDE = 7
EDGE = SIDE // 2
"""Voxels at each border whose window would reach outside: left out of the average."""
SLAB_PLANES = 4
"""Thickness of a slab."""
THREADS = 2

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Local:
    """Means, sample variances and covariance of two images around each voxel."""

    mean_x: np.ndarray
    mean_y: np.ndarray
    var_x: np.ndarray
    var_y: np.ndarray
    cov: np.ndarray


def clipped(image: np.ndarray, mask: np.ndarray, low: float, high: float, kind: type[np.floating]) -> np.ndarray:
    """`image` (i, j, k) clipped to [low, high], `low` outside the mask, and shifted so that `low` is 0."""
    values = np.clip(image, low, high).astype(kind, copy=False)
    return np.ascontiguousarray(np.where(mask, values - kind(low), kind(0)))


def average(similarity: Callable[[Local], np.ndarray], x: np.ndarray, y: np.ndarray, mask: np.ndarray) -> float:
    """Mean of `similarity` over `mask`, EDGE voxels at each border left out; nan where nothing is left.

    `x`, `y`: (i, j, k) of one float type, in which the statistics are computed; the mean is taken in double precision.
    """
    box = _box(inner(mask))
    if box is None:
        return math.nan
    windows = tuple(slice(side.start, side.stop + 2 * EDGE) for side in box)
    x, y, mask = x[windows], y[windows], inner(mask)[box]

    def part(start: int) -> float:
        slab, kept = slice(start, start + SLAB_PLANES + 2 * EDGE), mask[start : start + SLAB_PLANES]
        return float(similarity(local(x[slab], y[slab]))[kept].sum(dtype=np.float64)) if kept.any() else 0.0

    with ThreadPoolExecutor(THREADS) as pool:
        return math.fsum(pool.map(part, range(0, len(mask), SLAB_PLANES))) / int(np.count_nonzero(mask))


def local(x: np.ndarray, y: np.ndarray) -> Local:
    """Statistics of (i, j, k) images in their own float type, smaller by EDGE on each side."""
    count = SIDE**x.ndim
    sample = x.dtype.type(count / (count - 1))
    ux, uy, uxx, uyy, uxy = map(_mean, (x, y, x * x, y * y, x * y))
    return Local(ux, uy, sample * (uxx - ux * ux), sample * (uyy - uy * uy), sample * (uxy - ux * uy))


def inner(image: np.ndarray) -> np.ndarray:
    """Without EDGE voxels at each side; empty where the image is smaller than a window."""
    return image[(slice(EDGE, -EDGE),) * image.ndim]


def _mean(image: np.ndarray) -> np.ndarray:
    """Means along one axis after the other: summed in double precision, kept in the image's own."""
    for axis in range(image.ndim):
        lines = np.moveaxis(image, axis, 0)
        last = len(lines) - SIDE + 1
        total = np.add(lines[:last], lines[1 : last + 1], dtype=np.float64)
        for shift in range(2, SIDE):
            total += lines[shift : last + shift]
        total /= SIDE
        image = np.moveaxis(total, 0, axis).astype(image.dtype, copy=False)
    return image


def _box(mask: np.ndarray) -> Box | None:
    """The smallest box that holds every true voxel; None where there is none."""
    sides = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        if not len(hit):
            return None
        sides.append(slice(int(hit[0]), int(hit[-1]) + 1))
    i, j, k = sides
    return i, j, k
