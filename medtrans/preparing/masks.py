"""Where the body is: one piece, without holes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu


def body_mask(voxels: np.ndarray) -> np.ndarray:
    """True inside the body of one channel (i, j, k), CT or MR: above Otsu's threshold, the largest piece, holes filled.

    Otsu's threshold parts bright from dark tissue; .35 of the way from air to it parts body from air. In CT, -300 HU or
    Otsu's threshold, whichever is lower.
    Otsu, IEEE Trans SMC 1979, https://doi.org/10.1109/TSMC.1979.4310076
    """
    values = voxels.astype(np.float32)
    low, high = np.percentile(values[:: max(values.shape[0] // 64, 1)], (1, 99))
    if high <= low:
        return values > low
    threshold = threshold_otsu(np.clip(values, low, high).ravel())
    if low < -200:
        threshold = min(threshold, -300.0)
    else:
        threshold = low + 0.35 * (threshold - low)
    found = ndimage.binary_opening(values > threshold, iterations=1) if min(values.shape) > 3 else values > threshold
    return filled(largest_piece(found))


def nonzero_mask(voxels: np.ndarray) -> np.ndarray:
    """True where one channel (i, j, k) is not zero, holes filled: for images whose background was removed."""
    return filled(voxels != 0)


def largest_piece(mask: np.ndarray) -> np.ndarray:
    """The largest connected piece (26 neighbours are not asked for: 6)."""
    labels, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())


def filled(mask: np.ndarray) -> np.ndarray:
    """Holes closed in space and, as the throat and the sinuses open to the outside, in every plane of each axis."""
    for axis in range(3):
        # The planes along a single slice would be lines, in which every hole is open.
        if min(side for place, side in enumerate(mask.shape) if place != axis) > 1:
            mask = np.moveaxis(_filled_planes(np.moveaxis(mask, axis, 0)), 0, axis)
    return mask


def _filled_planes(mask: np.ndarray) -> np.ndarray:
    """Fill in each mask[n] what cannot reach its edge; what is closed in space is closed in every plane."""
    in_plane = np.zeros((3, 3, 3), dtype=bool)
    in_plane[1, 1, :] = in_plane[1, :, 1] = True
    labels, count = ndimage.label(~mask, structure=in_plane)
    outside = np.zeros(count + 1, dtype=bool)
    for edge in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        outside[edge.ravel()] = True
    outside[0] = False
    return ~outside[labels]
