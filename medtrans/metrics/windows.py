"""Local statistics in a cube of 7 voxels, shared by SSIM and MS-SSIM.

Means are running sums along each axis, reflected at the borders ("d c b a | a b c d"), which is what a uniform filter
is; variances and the covariance are those of a sample, N / (N - 1) with N = 343.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter

SIDE = 7
EDGE = SIDE // 2
"""Voxels at each border whose window would reach outside: cropped before averaging."""


@dataclass(frozen=True, eq=False)
class Local:
    """Means, variances and covariance of two images around each voxel."""

    mean_x: np.ndarray
    mean_y: np.ndarray
    var_x: np.ndarray
    var_y: np.ndarray
    cov: np.ndarray


def local(x: np.ndarray, y: np.ndarray) -> Local:
    """Statistics of (i, j, k) images in their own float type, cropped by EDGE on each side: five filters, threaded."""
    count = SIDE**x.ndim
    sample = x.dtype.type(count / (count - 1))
    with ThreadPoolExecutor(2) as pool:
        ux, uy, uxx, uyy, uxy = pool.map(_mean, (x, y, x * x, y * y, x * y))
    return Local(ux, uy, sample * (uxx - ux * ux), sample * (uyy - uy * uy), sample * (uxy - ux * uy))


def _mean(image: np.ndarray) -> np.ndarray:
    return inner(uniform_filter(image, size=SIDE))


def inner(image: np.ndarray) -> np.ndarray:
    """Without EDGE voxels at each side."""
    return image[(slice(EDGE, -EDGE),) * image.ndim]
