"""Checks of a predicted standard deviation before it is compared with errors."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused


def refuse_unfit(metric: str, deviation: np.ndarray, fewest: int = 1, samples: int | None = None) -> None:
    """Raises EmptyMask below `fewest` voxels, InputRefused where a standard deviation is negative or of one sample."""
    if len(deviation) < fewest:
        raise EmptyMask(metric, f"the mask holds {len(deviation)} voxels, fewer than {fewest}", "give a larger mask")
    if deviation.min() < 0:
        raise InputRefused(metric, f"the uncertainty falls to {deviation.min():g}", "give standard deviations")
    if samples is not None and samples < 2:
        raise InputRefused(metric, f"{samples} sample has no standard deviation", "translate with --samples 4 or more")
