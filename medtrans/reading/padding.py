"""Padding: the value that scanners write outside of their field of view, below all values of an image.

In CT values below air that are no tail of its noise; in others one negative value, far below all.
"""

from __future__ import annotations

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume

PADDING_BELOW_HU, NOISE_DOWN_TO_HU = -1100.0, -1500.0
"""HU. Scanners fill the corners outside of a round field of view with values below any of an image; between these two
numbers lies the noise of air, too: there only a repeated value is padding."""
MIN_REPEATED = 8
"""Voxels of one value that is padding."""
MAX_VOXELS = 1_000_000


def without_padding(target: Volume, inside: np.ndarray, modality: str, where: str) -> tuple[np.ndarray, list[Finding]]:
    """The voxels that count (i, j, k) without those that padding fills, and a finding where there are any.

    It refuses the case where none is left.
    """
    values = target.voxels[:, inside]
    limit = _padding_limit(values[np.isfinite(values)], modality)
    if limit is None:
        return inside, []
    left = inside & ~(target.voxels <= limit).any(axis=0)
    share, value = 1 - np.count_nonzero(left) / np.count_nonzero(inside), float(values[values <= limit].min())
    which = f"{share:.1%} of the voxels that count lie" if left.any() else "the mask lies wholly"
    finding = Finding(
        code="padding" if left.any() else "empty-mask",
        severity="warn" if left.any() else "refuse",
        where=where,
        what=f"{which} where the target is padded with {value:g}, outside of its field of view",
        consequence="these voxels are left out of training and scores"
        if left.any()
        else "no voxel is left to be scored",
        advice="give a mask of the field of view",
        numbers={"share": share, "value": value},
    )
    return left, [finding]


def padding_as_air(volume: Volume, modality: str) -> Volume:
    """The volume with air where padding fills it, inside of a mask or outside; itself where there is none."""
    voxels = volume.voxels
    if not voxels.size or np.nanmin(voxels) >= (PADDING_BELOW_HU if modality == "CT" else 0):
        return volume
    limit = _padding_limit(voxels[np.isfinite(voxels)], modality)
    if limit is None:
        return volume
    return volume.like(np.where(voxels <= limit, voxels.dtype.type(find_modality(modality).air), voxels))


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
    if lowest >= 0 or values.size - others.size < MIN_REPEATED:
        return None
    if not others.size:
        return float(lowest)
    low, high = np.percentile(others[:: max(others.size // MAX_VOXELS, 1)], (0.5, 99.5))
    return float(lowest) if float(others.min()) - float(lowest) > max(high - low, 0) else None
