"""Masks as arrays: the voxels that count."""

from __future__ import annotations

import numpy as np

from medtrans.core.volume import Volume


def mask_array(mask: Volume | None, target: Volume) -> np.ndarray:
    """True where voxels count (i, j, k): where the mask is above 0, everywhere in `target` without a mask."""
    return np.ones(target.shape, bool) if mask is None else np.ascontiguousarray(mask.voxels[0] > 0)
