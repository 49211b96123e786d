"""Linear and piecewise linear rescaling between measured and normalised values."""

from __future__ import annotations

from functools import partial

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.voxel_statistics import elementwise
from medtrans.preparing.normalisation._normaliser import Inverse


def rescale(voxels: np.ndarray, low: float, high: float) -> np.ndarray:
    """[low, high] → [-1, 1], float32, not clipped."""
    return elementwise(lambda block: (block.astype(np.float64) - low) * (2 / (high - low)) - 1, voxels, np.float32)


def unscale(normalised: np.ndarray, low: float, high: float) -> np.ndarray:
    """[-1, 1] → [low, high], float32, not clipped."""
    return elementwise(partial(_unscaled, low=low, high=high), normalised, np.float32)


def rescaled_zero(low: float, high: float) -> float:
    """The value that 0 becomes when [low, high] becomes [-1, 1]."""
    return float(-2 * low / (high - low) - 1)


def unscale_air(normalised: np.ndarray, low: float, high: float) -> np.ndarray:
    """[-1, 1] → [low, high]; air becomes exactly 0."""
    air = np.float32(rescaled_zero(low, high))
    return elementwise(lambda block: np.where(block == air, 0, _unscaled(block, low, high)), normalised, np.float32)


def _unscaled(block: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.asarray((block.astype(np.float64) + 1) * ((high - low) / 2) + low)


def validate_range(low: float, high: float) -> tuple[float, float]:
    """The range. Raises InputRefused where it is empty or not finite."""
    if not np.isfinite([low, high]).all() or high - low <= 0:
        what = f"range from {low:g} to {high:g}, an empty range that cannot be normalised"
        raise InputRefused("intensities", what, "check whether the image is constant or below 0, or the mask wrong")
    return low, high


def piecewise_linear(x: np.ndarray, y: np.ndarray) -> Inverse:
    """The function through (x, y), extrapolated with the slopes of its ends."""
    first, last = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])

    def function(values: np.ndarray) -> np.ndarray:
        values = values.astype(np.float64)
        out = np.interp(values, x, y)
        out = np.where(values < x[0], y[0] + first * (values - x[0]), out)
        return np.where(values > x[-1], y[-1] + last * (values - x[-1]), out)

    return lambda values: elementwise(function, values, np.float32)
