"""Does a spread tell how wrong a translation is? Calibration of standard deviations, and how often they cover.

    ENCE = (1/B) Σ_bins |RMV - RMSE| / RMV    RMV = √ mean spread²,  RMSE = √ mean error²
    coverage = share of voxels with |error| ≤ 1.96 spread,   0.95 for normal errors

Voxels sorted by their spread into B bins of equal count. Levi et al., Sensors 2022, https://doi.org/10.3390/s22155540
"""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import EmptyMask, InputRefused

BINS = 10
NOMINAL, WIDTH = 0.95, 1.96
"""The share of normal errors that lies within so many standard deviations."""


def calibration_error(error: np.ndarray, spread: np.ndarray, bins: int = BINS) -> float:
    """ENCE of errors and their standard deviations, flat arrays in one unit: 0 is calibrated.

    Raises EmptyMask for fewer voxels than bins; InputRefused where the spread is below 0, or is 0 in a whole bin.
    """
    _refuse(error, spread, bins)
    order = np.argsort(spread, kind="stable")
    errors, spreads = (np.array_split(np.square(values[order], dtype=np.float64), bins) for values in (error, spread))
    rmse, rmv = (np.sqrt([part.mean() for part in parts]) for parts in (errors, spreads))
    if not rmv.all():
        share = float((spread == 0).mean())
        raise InputRefused("calibration", f"the spread is 0 in {share:.0%} of the voxels", "draw more answers")
    return float((np.abs(rmv - rmse) / rmv).mean())


def coverage(error: np.ndarray, spread: np.ndarray) -> float:
    """The share of errors within 1.96 of their standard deviations. Raises EmptyMask, InputRefused."""
    _refuse(error, spread, 1)
    return float((np.abs(error) <= WIDTH * spread).mean())


def _refuse(error: np.ndarray, spread: np.ndarray, fewest: int) -> None:
    if len(error) < fewest:
        raise EmptyMask("calibration", f"the mask holds {len(error)} voxels, fewer than {fewest}", "give a larger mask")
    if spread.min() < 0:
        raise InputRefused("calibration", f"the spread falls to {spread.min():g}", "give standard deviations")
