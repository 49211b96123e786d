"""Fills: padding outside the field of view of a target, and one constant in much of the mask.

| code | rule, on the target in the mask |
|---|---|
| padding | CT: values below air that are no tail of its noise; others: one negative value, far below all |
| filled-target | one value in a tenth of the voxels (of air: a quarter), five times as often as any other |

Voxels with padding are left out of the scores; a filled target is a finding.
"""

from __future__ import annotations

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.evaluating.mask_arrays import mask_array

PADDING_BELOW_HU, NOISE_DOWN_TO_HU = -1100.0, -1500.0
"""HU. Scanners fill the corners outside of a round field of view with values below any of an image; between these two
numbers lies the noise of air, too: there only a repeated value is padding."""
MIN_REPEATED = 8
"""Voxels of one value that is padding."""
MIN_FILL, MIN_AIR_FILL, MIN_TIMES = 0.1, 0.25, 5.0
MAX_VOXELS = 1_000_000


def without_padding(
    target: Volume, mask: Volume | None, modality: str, case: str
) -> tuple[Volume | None, list[Finding]]:
    """The mask without the voxels that padding fills, and a finding where there are any."""
    inside = mask_array(mask, target)
    values = target.voxels[:, inside]
    limit = _padding_limit(values[np.isfinite(values)], modality)
    if limit is None:
        return mask, []
    padded = (target.voxels <= limit).any(axis=0) & inside
    share, value = np.count_nonzero(padded) / np.count_nonzero(inside), float(values[values <= limit].min())
    finding = Finding(
        code="padding",
        severity="warn",
        where=case,
        what=f"{share:.1%} of the voxels that count lie where the target is padded with {value:g}, outside of its "
        "field of view",
        consequence="these voxels are left out of the scores",
        advice="give a mask of the field of view",
        numbers={"share": share, "value": value},
    )
    return target.like((inside & ~padded)[None].astype(np.uint8)), [finding]


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


def _padding_limit(values: np.ndarray, modality: str) -> float | None:
    """The highest value that is padding; None where there is none."""
    if not values.size:
        return None
    lowest = values.min()
    if modality == "CT":
        if lowest >= PADDING_BELOW_HU:
            return None
        below = values[values < PADDING_BELOW_HU]
        repeated = np.count_nonzero(below == lowest)
        is_padding = lowest < NOISE_DOWN_TO_HU or repeated >= max(MIN_REPEATED, below.size / 2)
        return float(below.max()) if is_padding else None
    others = values[values > lowest]
    if lowest >= 0 or not others.size or np.count_nonzero(values == lowest) < MIN_REPEATED:
        return None
    low, high = np.percentile(others[:: max(others.size // MAX_VOXELS, 1)], (0.5, 99.5))
    return float(lowest) if others.min() - lowest > max(high - low, 0) else None
