"""Filled targets: one constant in much of the mask, as a cut field of view or an erased part of the image has it."""

from __future__ import annotations

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.evaluating.mask_arrays import mask_array

MIN_FILL, MIN_AIR_FILL, MIN_TIMES = 0.1, 0.25, 5.0
"""Fractions of the mask that one value fills, of any and of air; and how many times as frequent as the next it is."""
MAX_VOXELS = 1_000_000


def filled_target(target: Volume, mask: Volume | None, modality: str, case: str) -> list[Finding]:
    """A finding where one value fills much of the mask, as a cut field of view or an erased part of the image does."""
    if modality == "labels" or target.channels > 1 or mask is None:
        return []
    values = target.voxels[0][mask_array(mask, target)]
    values = values[:: max(values.size // MAX_VOXELS, 1)]
    numbers, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(numbers) < 2:
        return []
    order = np.argsort(counts)
    value, share, second = float(numbers[order[-1]]), counts[order[-1]] / values.size, counts[order[-2]] / values.size
    is_air = value <= (-900 if modality == "CT" else find_modality(modality).air)
    if share < (MIN_AIR_FILL if is_air else MIN_FILL) or share < MIN_TIMES * second:
        return []
    return [
        Finding(
            code="filled-target",
            severity="warn",
            where=case,
            what=f"the target has the one value {value:g} in {share:.0%} of the mask",
            consequence="scores there are not those of an image",
            advice="look whether the mask reaches beyond the field of view, or a part of the target was erased",
            numbers={"value": value, "share": float(share)},
        )
    ]
