"""Filled targets: one constant in much of the mask, as a cut field of view or an erased part of the image has it.

| share of the mask with one value | finding where it is at least |
|---|---|
| any voxels | a tenth |
| voxels whose neighbours all have that value too; images of CT and MR | a fiftieth |
| air | a quarter, since masks reach beyond the skin |

It must be five times as frequent as the next such value.
"""

from __future__ import annotations

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import MAX_AIR_HU
from medtrans.evaluating.mask_arrays import mask_array

MIN_FILL, MIN_FLAT, MIN_AIR_FILL, MIN_TIMES = 0.1, 0.02, 0.25, 5.0
MAX_VOXELS = 1_000_000


def filled_target(target: Volume, mask: Volume | None, modality: str, case: str) -> list[Finding]:
    """A finding where one value fills much of the mask."""
    if modality == "labels" or target.channels > 1 or mask is None:
        return []
    image, inside = target.voxels[0], mask_array(mask, target)
    values, air = image[inside], MAX_AIR_HU if modality == "CT" else find_modality(modality).air
    value, share, second = _commonest(values, values.size)
    if not second or share < (MIN_AIR_FILL if value <= air else MIN_FILL) or share < MIN_TIMES * second:
        if not second or modality not in ("CT", "MR"):
            return []
        value, share, second = _commonest(image[inside & _is_flat(image) & (image > air)], values.size)
        if share < max(MIN_FLAT, MIN_TIMES * second):
            return []
    return [
        Finding(
            code="filled-target",
            severity="warn",
            where=case,
            what=f"the target has the one value {value:g} in {share:.0%} of the mask",
            consequence="scores there are not those of an image",
            advice="look whether the mask reaches beyond the field of view, or a part of the target was erased",
            numbers={"value": value, "share": share},
        )
    ]


def _commonest(values: np.ndarray, total: int) -> tuple[float, float, float]:
    """The most frequent value, and what it and the next have of `total` values; 0 where there is none."""
    step = max(values.size // MAX_VOXELS, 1)
    some = values[::step]
    numbers, counts = np.unique(some[np.isfinite(some)], return_counts=True)
    second, first = np.sort(np.append(counts, (0, 0)))[-2:] * step / max(total, 1)
    return float(numbers[counts.argmax()]) if counts.size else 0.0, float(first), float(second)


def _is_flat(image: np.ndarray) -> np.ndarray:
    """True where all neighbours by faces have the value of the voxel (i, j, k)."""
    flat = np.ones(image.shape, bool)
    for axis in range(image.ndim):
        here, equal = np.moveaxis(flat, axis, 0), np.moveaxis(np.diff(image, axis=axis) == 0, axis, 0)
        here[1:] &= equal
        here[:-1] &= equal
    return flat
