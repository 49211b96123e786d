"""Masks: the voxels that count, as an array and in words."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import refuse_other_grid
from medtrans.reading.padding import without_padding


def mask_array(mask: Volume | None, target: Volume) -> np.ndarray:
    """True where voxels count (i, j, k): where the mask is above 0, everywhere in `target` without a mask."""
    return np.ones(target.shape, bool) if mask is None else np.ascontiguousarray(mask.voxels[0] > 0)


def change_array(change: Volume | None, target: Volume, case: str) -> np.ndarray | None:
    """True where two visits differ (i, j, k); None where that is unknown. Raises GridMismatch."""
    if change is None:
        return None
    refuse_other_grid(case, target, "the change mask", change)
    return mask_array(change, target)


def without_padded(
    mask: Volume | None, target: Volume, modality: str, case: str
) -> tuple[Volume | None, list[Finding]]:
    """The mask without the voxels where the target is padded, and a finding on these. Raises EmptyMask."""
    inside, found = without_padding(target, mask_array(mask, target), modality, case)
    if not inside.any():
        raise EmptyMask(case, found[0].what, found[0].advice, found[0].code)
    return (target.like(inside[None]) if found else mask), found


def counted_values(label: int | None) -> str:
    """Which voxels of a mask count, in words."""
    return "voxels above 0" if label is None else f"voxels equal to {label}"
