"""Filled targets: one constant in much of the mask, as a cut field of view or an erased part of the image has it.

| share of the mask with one value | finding where it is at least |
|---|---|
| any voxels | a tenth |
| voxels whose neighbours all have that value too; images of CT and MR | a fiftieth |
| air | a quarter, since masks reach beyond the skin |
| air in a thick region that leaves the mask and ends inside the body; images of CT and MR | a fortieth |

The first two must be five times as frequent as the next such value, and so must air. The last is a field of view that
cuts through the body: air around a whole body is thin in its mask, and ends at the skin, whose voxels are partly air.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from medtrans.core.finding import Finding
from medtrans.core.modality import BODY_AIR_HU, MAX_AIR_HU, find_modality
from medtrans.core.volume import Volume

MIN_FILL, MIN_FLAT, MIN_AIR_FILL, MIN_CUT, MIN_TIMES = 0.1, 0.02, 0.25, 0.025, 5.0
CUT_RADIUS_MM = 6.0
"""Half the side of a box that a thick region holds."""
MIN_BODY_NEIGHBOURS, BODY_FRACTION = 0.5, 0.25
"""Share of the neighbours of a cut region that are body; what counts as body in MR, as a fraction of the median."""
MAX_VOXELS = 1_000_000


def filled_target(target: Volume, inside: np.ndarray, modality: str, where: str) -> list[Finding]:
    """A finding where one value fills much of the mask `inside` (i, j, k)."""
    if modality == "labels" or target.channels > 1:
        return []
    image = target.voxels[0]
    values, air = image[inside], MAX_AIR_HU if modality == "CT" else find_modality(modality).air
    value, share, second = _commonest(values, values.size)
    if second and share >= max(MIN_AIR_FILL if value <= air else MIN_FILL, MIN_TIMES * second):
        return [_filled(value, share, where)]
    if modality not in ("CT", "MR"):
        return []
    value, share, second = _commonest(image[inside & _is_flat(image) & (image > air)], values.size)
    if share >= max(MIN_FLAT, MIN_TIMES * second):
        return [_filled(value, share, where)]
    value, share, _ = _commonest(values[values <= air], values.size)
    cut = _cut_share(image, inside, value, target.spacing, modality) if share >= MIN_CUT else 0.0
    return [_cut(value, cut, where)] if cut >= MIN_CUT else []


def _filled(value: float, share: float, where: str) -> Finding:
    what = f"the target has the one value {value:g} in {share:.0%} of the mask"
    advice = "look whether the mask reaches beyond the field of view, or a part of the target was erased"
    return _finding("filled-target", what, advice, value, share, where)


def _cut(value: float, share: float, where: str) -> Finding:
    what = f"the target ends inside the body: beyond, it has the one value {value:g} in {share:.0%} of the mask"
    return _finding("cut-field-of-view", what, "give a mask of the field of view", value, share, where)


def _finding(code: str, what: str, advice: str, value: float, share: float, where: str) -> Finding:
    meaning = "scores there are not those of an image, and a model learns it"
    numbers = {"value": value, "share": share}
    return Finding(
        code=code, severity="warn", where=where, what=what, consequence=meaning, advice=advice, numbers=numbers
    )


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


def _cut_share(image: np.ndarray, inside: np.ndarray, value: float, spacing: tuple[float, ...], modality: str) -> float:
    """Share of the mask that a thick region of `value` has, where it reaches out of the mask and ends in the body."""
    box = tuple(slice(max(int(axis.min()) - 1, 0), int(axis.max()) + 2) for axis in np.nonzero(inside))
    image, inside = image[box], inside[box]
    region = inside & (image == value)
    reach = [
        max(int(CUT_RADIUS_MM / step), 1) if side > 1 else 0 for step, side in zip(spacing, image.shape, strict=True)
    ]
    sides = [2 * cells + 1 for cells in reach]
    core = ndimage.minimum_filter(region, sides, mode="nearest")
    thick = region & ndimage.maximum_filter(core, sides, mode="constant")
    around = ndimage.binary_dilation(thick) & ~thick
    neighbours = image[around & inside & (image != value)]
    above = image[inside & (image > value)]
    if not above.size:
        return 0.0
    body = BODY_AIR_HU if modality == "CT" else BODY_FRACTION * float(np.median(above))
    leaves = (around & ~inside).any() or _at_the_end(thick)
    ends_in_body = neighbours.size and np.mean(neighbours > body) >= MIN_BODY_NEIGHBOURS
    return np.count_nonzero(thick) / np.count_nonzero(inside) if leaves and ends_in_body else 0.0


def _at_the_end(region: np.ndarray) -> bool:
    """Whether it reaches the first or the last voxel of an axis."""
    return any(np.take(region, (0, -1), axis).any() for axis in range(region.ndim))
