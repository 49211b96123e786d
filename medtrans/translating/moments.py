"""Running mean and variance of arrays that are not kept. Welford 1962, doi:10.2307/1266577"""

from __future__ import annotations

import numpy as np


class Moments:
    """Mean and variance of float32 arrays of one shape."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: np.ndarray = np.zeros(1, np.float32)
        self._squares = self.mean

    def add(self, values: np.ndarray) -> None:
        """Include one more array."""
        self.count += 1
        if self.count == 1:
            self.mean = values.astype(np.float32, copy=False)
            return
        step = values - self.mean
        self.mean = self.mean + step / np.float32(self.count)
        self._squares = self._squares + step * (values - self.mean)

    @property
    def variance(self) -> np.ndarray:
        """The unbiased variance, divided by count - 1: of at least two arrays."""
        return np.asarray(self._squares / np.float32(self.count - 1))
