"""Masks: the voxels that count, by one rule for all metrics."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused


def checked_mask(mask: np.ndarray, metric: str) -> np.ndarray:
    """`mask` (i, j, k) as bool. Raises EmptyMask where no voxel counts."""
    chosen = np.asarray(mask, bool)
    if not chosen.any():
        raise EmptyMask(metric, "the mask holds no voxel", "give a mask of the body")
    return chosen


def refuse_flat(metric: str, translated: np.ndarray, target: np.ndarray) -> None:
    """Raises InputRefused where an image is constant in the mask, so that its variation is undefined."""
    for role, values in (("translated", translated), ("target", target)):
        if values.min() == values.max():
            raise InputRefused(
                metric,
                f"{role} is {values.min():g} everywhere in the mask, so that the metric is undefined",
                "use mae instead",
            )
