"""Differences between neighbouring voxels that are both in the mask, along one axis."""

from __future__ import annotations

import numpy as np


def jumps(image: np.ndarray, mask: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """image[n + 1] - image[n] along `axis`, and n, of all pairs in `mask`; two flat arrays, in one order."""
    values, counts = np.moveaxis(image, axis, 0), np.moveaxis(mask, axis, 0)
    pairs = counts[1:] & counts[:-1]
    return values[1:][pairs].astype(np.float64) - values[:-1][pairs], np.nonzero(pairs)[0]
