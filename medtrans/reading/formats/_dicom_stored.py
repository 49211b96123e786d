"""Stored numbers of derived DICOM images: 16 bits with a sign, and the slope that gives the values back.

value = slope · stored        slope 1 for whole numbers of 16 bits, so HU are exact
"""

from __future__ import annotations

import numpy as np

HIGHEST = int(np.iinfo(np.int16).max)


def stored_numbers(voxels: np.ndarray) -> tuple[np.ndarray, str]:
    """int16 of the same shape, and the slope as the decimal string with which they were made."""
    if voxels.dtype.kind in "iu" and voxels.size and voxels.min() >= -HIGHEST - 1 and voxels.max() <= HIGHEST:
        return voxels.astype(np.int16), "1"
    largest = float(np.abs(voxels).max(initial=0.0))
    if largest <= HIGHEST and all(_is_whole(block) for block in voxels.reshape(voxels.shape[0], -1)):
        return voxels.astype(np.int16), "1"
    # Upwards in the last digit, so that no number is beyond 16 bits: a DS has at most 16 characters.
    slope = f"{largest / HIGHEST * (1 + 1e-8):.9e}"
    out = np.empty(voxels.shape, np.int16)
    for k in range(voxels.shape[-1]):
        out[..., k] = np.rint(voxels[..., k] / float(slope))
    return out, slope


def _is_whole(block: np.ndarray) -> bool:
    return bool(np.array_equal(block, np.rint(block)))
