"""Parts of a mask where two visits differ, and where they do not."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.metrics.image._masks import checked_mask


def part_of_change(mask: np.ndarray, change: np.ndarray | None, where: str, metric: str) -> np.ndarray:
    """The voxels of a mask inside or outside of the change mask. Raises InputRefused without one, EmptyMask."""
    if change is None:
        what = "the case has no change mask, so that changed voxels are unknown"
        raise InputRefused(metric, what, "give one by reading.change, a column change or --change")
    part = checked_mask(mask, metric) & (change if where == "inside" else ~change)
    if not part.any():
        what = "nothing changed in the mask" if where == "inside" else "everything in the mask changed"
        raise EmptyMask(metric, what, "check the change mask, or leave the metric out")
    return part
