"""Body mask: one connected component, without holes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from medtrans.core.modality import BODY_AIR_HU

CT_AIR_BELOW_HU = -200.0
"""HU. An image whose 1st percentile lies below is taken for a CT with air."""
BODY_FRACTION = 0.35
"""Of the way from air to Otsu's threshold, in MR."""


def body_mask(voxels: np.ndarray) -> np.ndarray:
    """Mask of the body in one channel (i, j, k), CT or MR: Otsu's threshold, largest component, holes filled.

    Otsu's threshold separates bright from dark tissue; .35 of the way from air to it separates body from air. In CT,
    -300 HU or Otsu's threshold, whichever is lower.
    Otsu, IEEE Trans SMC 1979, https://doi.org/10.1109/TSMC.1979.4310076
    """
    values = voxels.astype(np.float32)
    low, high = np.percentile(values[:: max(values.shape[0] // 64, 1)], (1, 99))
    if high <= low:
        return values > low
    threshold = threshold_otsu(np.clip(values, low, high).ravel())
    if low < CT_AIR_BELOW_HU:
        threshold = min(threshold, BODY_AIR_HU)
    else:
        threshold = low + BODY_FRACTION * (threshold - low)
    mask = ndimage.binary_opening(values > threshold, iterations=1) if min(values.shape) > 3 else values > threshold
    return fill_holes(largest_component(mask))


def nonzero_mask(voxels: np.ndarray) -> np.ndarray:
    """Mask of the voxels of one channel (i, j, k) that are not zero, holes filled: for images without background."""
    return fill_holes(voxels != 0)


def largest_component(mask: np.ndarray) -> np.ndarray:
    """The largest connected component; voxels are connected by their faces (6 neighbours)."""
    labels, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Holes filled in space and, as the throat and the sinuses open to the outside, in every plane of each axis."""
    for axis in range(3):
        # The planes across a single slice are lines, in which every hole is open.
        if min(side for place, side in enumerate(mask.shape) if place != axis) > 1:
            mask = np.moveaxis(_fill_planes(np.moveaxis(mask, axis, 0)), 0, axis)
    return mask


def _fill_planes(mask: np.ndarray) -> np.ndarray:
    """Fill in each mask[n] the background that is not connected to its edge; this includes holes closed in space."""
    in_plane = np.zeros((3, 3, 3), dtype=bool)
    in_plane[1, 1, :] = in_plane[1, :, 1] = True
    labels, count = ndimage.label(~mask, structure=in_plane)
    outside = np.zeros(count + 1, dtype=bool)
    for edge in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        outside[edge.ravel()] = True
    outside[0] = False
    return ~outside[labels]


BODY_MASKS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "otsu": body_mask,
    "nonzero": nonzero_mask,
    "none": lambda voxels: np.ones(voxels.shape, bool),
}
"""By preparing.body_mask: voxels (i, j, k) → mask (i, j, k)."""
