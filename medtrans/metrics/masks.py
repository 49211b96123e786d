"""Which voxels count: the one rule all metrics share."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask


def counted(within: np.ndarray, metric: str) -> np.ndarray:
    """`within` (i, j, k) as bool. Raises EmptyMask where no voxel counts."""
    chosen = np.asarray(within, bool)
    if not chosen.any():
        raise EmptyMask(metric, "the mask holds no voxel", "give a mask of the body")
    return chosen
