"""Masks: the voxels that count, as an array and in words."""

from __future__ import annotations

import numpy as np

from medtrans.core.volume import Volume


def mask_array(mask: Volume | None, target: Volume) -> np.ndarray:
    """True where voxels count (i, j, k): where the mask is above 0, everywhere in `target` without a mask."""
    return np.ones(target.shape, bool) if mask is None else np.ascontiguousarray(mask.voxels[0] > 0)


def counted_values(label: int | None) -> str:
    """Which voxels of a mask count, in words."""
    return "voxels above 0" if label is None else f"voxels equal to {label}"
