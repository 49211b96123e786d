"""Body mask: one connected component, without holes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import skimage  # skimage.morphology is slow to import: skimage does it where it is first used
from scipy import ndimage
from skimage.filters import threshold_otsu

from medtrans.core.modality import BODY_AIR_HU
from medtrans.core.voxel_statistics import blocks

Spacing = Sequence[float]
BODY_FRACTION = 0.35
"""Of the way from air to Otsu's threshold: in MR, voxels below are taken for air at first."""
NOISE_DEVIATIONS, MIN_BODY_FRACTION = 4.0, 0.05
"""The threshold of MR lies so many standard deviations of the air's noise above the air, and at least that far of the
way to Otsu's threshold."""
CLOSING_MM, MARGIN_MM = 5.0, 3.0
OTSU_BINS = 256
MIN_TIMES = 2.0
"""The background is so many times as frequent on the outer faces of an image as any other value."""
HULL_SIDE, MIN_HULL_SIDE = 32, 4
"""Voxels per side of the coarse grid on which the convex hull is found, and of the smallest mask that has one."""


def body_mask(voxels: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0), *, is_ct: bool = False) -> np.ndarray:
    """Mask of the body in one channel (i, j, k): a threshold, the largest component, closed, holes filled.

    In CT the threshold is -300 HU, or Otsu's where that is lower. In other images it lies just above the noise of the
    air, so that dark skin, fat of a FLAIR and the dark end of a coil's field stay in the body. `spacing` in mm.
    Otsu, IEEE Trans SMC 1979, https://doi.org/10.1109/TSMC.1979.4310076
    """
    low, high = np.percentile(voxels[:: max(voxels.shape[0] // 64, 1)].astype(np.float32), (1, 99))
    if high <= low:
        return voxels > low
    otsu = _otsu(voxels, low, high)
    threshold = min(otsu, BODY_AIR_HU) if is_ct else _above_noise(voxels, float(low), otsu)
    mask = voxels > np.float32(threshold)
    mask = largest_component(ndimage.binary_opening(mask, iterations=1) if min(voxels.shape) > 3 else mask)
    return fill_holes(mask if is_ct else closed(mask, spacing, CLOSING_MM))


def _otsu(voxels: np.ndarray, low: np.float32, high: np.float32) -> float:
    """Otsu's threshold of the values between `low` and `high`, those beyond counted at the ends."""
    bins: np.ndarray = np.zeros(OTSU_BINS, np.int64)
    for block in blocks(voxels):
        clipped = np.clip(block.astype(np.float32), low, high)
        counts, edges = np.histogram(clipped, OTSU_BINS, (low, high))  # type: ignore[arg-type]
        bins += counts
    return float(threshold_otsu(hist=(bins, (edges[:-1] + edges[1:]) / 2)))


def _above_noise(voxels: np.ndarray, low: float, otsu: float) -> float:
    """The threshold between air and body, from median and median deviation of what is certainly air or dark."""
    first = low + BODY_FRACTION * (otsu - low)
    air = voxels[voxels < np.float32(first)].astype(np.float32)
    if not air.size:
        return first
    middle = float(np.median(air, overwrite_input=True))
    air -= np.float32(middle)
    deviation = 1.4826 * float(np.median(np.abs(air, out=air), overwrite_input=True))
    return min(first, middle + max(NOISE_DEVIATIONS * deviation, MIN_BODY_FRACTION * (otsu - low)))


def closed(mask: np.ndarray, spacing: Spacing, millimetres: float) -> np.ndarray:
    """Morphological closing by a box that reaches so far to each side; single slices are closed within their plane."""
    reach = _reach(mask.shape, spacing, millimetres)
    padded = np.pad(mask, [(cells, cells) for cells in reach])
    sides = [2 * cells + 1 for cells in reach]
    result = ndimage.minimum_filter(ndimage.maximum_filter(padded, sides, mode="constant"), sides, mode="constant")
    return mask | result[tuple(slice(cells, cells + side) for cells, side in zip(reach, mask.shape, strict=True))]


def dilated(mask: np.ndarray, spacing: Spacing, millimetres: float = MARGIN_MM) -> np.ndarray:
    """The mask grown by a box that reaches so far to each side, at least one voxel."""
    sides = [2 * cells + 1 for cells in _reach(mask.shape, spacing, millimetres)]
    return np.asarray(ndimage.maximum_filter(mask, sides, mode="constant"))


def hull_fraction(mask: np.ndarray) -> float:
    """The share of the convex hull of a mask that it fills, on a coarse grid; nan for an empty or flat mask."""
    coarse = mask[tuple(slice(None, None, -(-side // HULL_SIDE)) for side in mask.shape)]
    if not coarse.any() or min(np.ptp(np.argwhere(coarse), axis=0)) < MIN_HULL_SIDE:
        return math.nan
    hull = int(np.count_nonzero(skimage.morphology.convex_hull_image(coarse)))
    return int(np.count_nonzero(coarse)) / hull if hull else math.nan


def air_level(voxels: np.ndarray, body: np.ndarray) -> float:
    """The value of air in one channel: the median outside the body, or the lowest values where all is body."""
    outside = voxels[~body]
    if outside.size < 0.01 * voxels.size:
        return float(np.percentile(voxels, 0.1))
    return float(np.median(outside, overwrite_input=True))


def _reach(shape: Sequence[int], spacing: Spacing, millimetres: float) -> list[int]:
    """Voxels to each side along each axis: at least one, none across a single slice."""
    return [0 if side == 1 else max(1, round(millimetres / size)) for side, size in zip(shape, spacing, strict=True)]


def nonzero_mask(voxels: np.ndarray) -> np.ndarray:
    """Mask of the voxels of one channel (i, j, k) that differ from the background, holes filled.

    For images whose background is one value: 0, or what an offset made of it. All is body where there is none.
    """
    background = _background(voxels)
    return np.ones(voxels.shape, bool) if background is None else fill_holes(voxels != background)


def _background(voxels: np.ndarray) -> float | None:
    """The commonest value of the outer faces; None where other values are nearly as frequent there."""
    faces = [np.take(voxels, (0, -1), axis).ravel() for axis, side in enumerate(voxels.shape) if side > 1]
    values, counts = np.unique(np.concatenate(faces or [voxels.ravel()]), return_counts=True)
    first, *others = sorted(counts)[::-1][:2]
    return float(values[counts.argmax()]) if first >= MIN_TIMES * max(others, default=0) else None


def largest_component(mask: np.ndarray) -> np.ndarray:
    """The largest connected component; voxels are connected by their faces (6 neighbours)."""
    labels, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes: np.ndarray = np.zeros(count + 1, np.int64)
    for plane in labels:
        sizes += np.bincount(plane.ravel(), minlength=count + 1)
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
    filled = np.empty(mask.shape, bool)
    for plane, out in zip(mask, filled, strict=True):
        labels, count = ndimage.label(~plane)
        outside = np.zeros(count + 1, dtype=bool)
        for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
            outside[edge] = True
        outside[0] = False
        np.logical_not(outside[labels], out=out)
    return filled


BODY_MASKS: Mapping[str, Callable[[np.ndarray, Spacing, bool], np.ndarray]] = {
    "otsu": lambda voxels, spacing, is_ct: body_mask(voxels, spacing, is_ct=is_ct),
    "nonzero": lambda voxels, spacing, is_ct: nonzero_mask(voxels),
    "none": lambda voxels, spacing, is_ct: np.ones(voxels.shape, bool),
}
"""By preparing.body_mask: voxels (i, j, k), spacing in mm, whether it is a CT → mask (i, j, k)."""
