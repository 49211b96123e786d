"""Which spreads can be asked: standard deviations of enough voxels."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused


def refuse_unfit(metric: str, spread: np.ndarray, fewest: int = 1) -> None:
    """Raises EmptyMask below `fewest` voxels, InputRefused where one is below 0."""
    if len(spread) < fewest:
        raise EmptyMask(metric, f"the mask holds {len(spread)} voxels, fewer than {fewest}", "give a larger mask")
    if spread.min() < 0:
        raise InputRefused(metric, f"the spread falls to {spread.min():g}", "give standard deviations")
