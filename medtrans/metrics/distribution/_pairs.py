"""Means of a kernel over pairs of volumes: slices of one volume are not independent, so a volume is their mean."""

from __future__ import annotations

import numpy as np


def by_volume(kernel: np.ndarray, each: int) -> np.ndarray:
    """(image, image) → (volume, volume), the mean over the images of both; `each` consecutive ones are of a volume."""
    one, other = (side // each for side in kernel.shape)
    return kernel.reshape(one, each, other, each).mean((1, 3))


def mean_off_diagonal(kernel: np.ndarray) -> float:
    """Mean over pairs of two different members, of a matrix (n, n)."""
    return float((kernel.sum() - kernel.trace()) / (len(kernel) * (len(kernel) - 1)))
