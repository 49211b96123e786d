"""Euclidean distance transform up to a given distance: the lower envelope of parabolas, one axis after the other.

    d²(i) = min over j of d²(j) + (i - j)²

Felzenszwalb and Huttenlocher, Theory of Computing 2012, https://doi.org/10.4086/toc.2012.v008a019; here only the
parabolas within reach are tried, which is several times faster than all. Where voxels are cubic, squares are
counted in voxels, in integers of 16 bits: a processor compares twice as many of them at once as of single floats.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def distance(to: np.ndarray, spacing: Sequence[float], reach: float) -> np.ndarray:
    """Millimetres from each voxel to the nearest of `to`, exact up to `reach` and no more than it: float32."""
    voxel = spacing[0]
    if len(set(spacing)) == 1 and reach < 150 * voxel:
        far = np.uint16(np.ceil((reach / voxel) ** 2))
        square = _squares(np.where(to, np.uint16(0), far), [1] * to.ndim, int(reach / voxel))
        return np.minimum(np.sqrt(square, dtype=np.float32) * np.float32(voxel), np.float32(reach))
    square = _squares(np.where(to, np.float32(0), np.float32(reach * reach)), spacing, reach)
    return np.asarray(np.sqrt(square), np.float32)


def _squares(square: np.ndarray, spacing: Sequence[float], reach: float) -> np.ndarray:
    """The lower envelope, computed in the data type of `square`."""
    for axis, unit in enumerate(spacing):
        before, after = np.moveaxis(square, axis, 0), np.moveaxis(square.copy(), axis, 0)
        for step in range(1, min(int(reach / unit), len(after) - 1) + 1):
            cost = square.dtype.type(step * unit * (step * unit))
            np.minimum(after[step:], before[:-step] + cost, out=after[step:])
            np.minimum(after[:-step], before[step:] + cost, out=after[:-step])
        square = np.moveaxis(after, 0, axis)
    return square
