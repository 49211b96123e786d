"""Contrast of a lesion to a shell around it, and how much of the real image's a translation recovers.

    CNR = (mean(lesion) - mean(shell)) / SD(shell)        recovery = CNR(translated) / CNR(real)

The shell lies 5 to 10 mm from the lesion, without other lesions and without the background of the real image. A
translation with less noise than the real image recovers more than 1; the ratio of the differences alone has no noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

SHELL_MM = (5.0, 10.0)
MIN_SHELL_VOXELS = 20
MIN_CNR = 0.5
"""Below it in the real image, the ratio is not computed: it is one of two small numbers."""


def shell(lesion: np.ndarray, excluded: np.ndarray, spacing: Sequence[float]) -> tuple[tuple[slice, ...], np.ndarray]:
    """The box around a lesion (i, j, k), and in it the voxels of its shell that are not `excluded`."""
    (box,) = ndimage.find_objects(lesion.astype(np.uint8))
    reach = [math.ceil(SHELL_MM[1] / side) + 1 for side in spacing]
    wide = tuple(
        slice(max(ends.start - more, 0), min(ends.stop + more, length))
        for ends, more, length in zip(box, reach, lesion.shape, strict=True)
    )
    distance = ndimage.distance_transform_edt(~lesion[wide], sampling=spacing)
    return wide, (distance >= SHELL_MM[0]) & (distance <= SHELL_MM[1]) & ~excluded[wide]


@dataclass(frozen=True)
class Contrast:
    """Of a lesion to its shell; nan where the shell is too small or has one value."""

    difference: float = math.nan
    """Of the means."""
    cnr: float = math.nan


def contrast(image: np.ndarray, lesion: np.ndarray, box: tuple[slice, ...], around: np.ndarray) -> Contrast:
    """Signed, in one image (i, j, k)."""
    inside, outside = image[box][lesion[box]], image[box][around]
    if len(outside) < MIN_SHELL_VOXELS:
        return Contrast()
    deviation = float(outside.std(dtype=np.float64))
    difference = float(inside.mean(dtype=np.float64) - outside.mean(dtype=np.float64))
    return Contrast(difference, difference / deviation) if deviation > 0 else Contrast()


def recovery(translated: Contrast, real: Contrast) -> tuple[float, float]:
    """Ratios of the contrast-to-noise ratios and of the differences; nan where the real CNR is below MIN_CNR."""
    if not abs(real.cnr) >= MIN_CNR:
        return math.nan, math.nan
    return translated.cnr / real.cnr, translated.difference / real.difference


def background(image: np.ndarray) -> np.ndarray:
    """Voxels that have the commonest value of the outer faces, if more than half of these have it: padding or air."""
    faces = np.concatenate([image[tuple(s)].ravel() for s in _faces()])
    values, counts = np.unique(faces, return_counts=True)
    commonest = values[np.argmax(counts)]
    return np.asarray(image == commonest) if 2 * counts.max() > len(faces) else np.zeros(image.shape, bool)


def _faces() -> list[list[slice | int]]:
    return [[end if axis == one else slice(None) for one in range(3)] for axis in range(3) for end in (0, -1)]
