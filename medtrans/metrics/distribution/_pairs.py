"""Means of a kernel over pairs. Slices of one volume are no independent pair: a volume is the mean of its slices."""

from __future__ import annotations

import numpy as np


def by_volume(kernel: np.ndarray, each: int) -> np.ndarray:
    """(image, image) → (volume, volume), the mean over the images of both; `each` consecutive ones are of a volume."""
    one, other = (side // each for side in kernel.shape)
    return kernel.reshape(one, each, other, each).mean((1, 3))


def among(kernel: np.ndarray) -> float:
    """The mean over pairs of two different members (n, n)."""
    return float((kernel.sum() - kernel.trace()) / (len(kernel) * (len(kernel) - 1)))
