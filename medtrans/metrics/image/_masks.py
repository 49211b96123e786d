"""Which voxels count: the one rule all metrics share."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused


def counted(within: np.ndarray, metric: str) -> np.ndarray:
    """`within` (i, j, k) as bool. Raises EmptyMask where no voxel counts."""
    chosen = np.asarray(within, bool)
    if not chosen.any():
        raise EmptyMask(metric, "the mask holds no voxel", "give a mask of the body")
    return chosen


def refuse_flat(metric: str, translated: np.ndarray, target: np.ndarray) -> None:
    """Raises InputRefused where one has a single value, so that nothing can be told of how it varies."""
    for role, values in (("translated", translated), ("target", target)):
        if values.min() == values.max():
            raise InputRefused(metric, f"{role} is {values.min():g} everywhere in the mask", "use mae")
