"""Gamma pass rate of two doses: the fraction of voxels that agree in dose or within a distance.

    γ(r) = min over r' of √( |r' - r|² / DTA² + (translated(r') - target(r))² / δ² )    passes where γ ≤ 1

δ is a percentage of the target's maximum in the mask (global). Voxels of the target below the cut-off do not count.
The translated dose is searched at steps of DTA/`steps`, linear between voxels, and in the mask only. Low et al. 1998,
https://doi.org/10.1118/1.598248
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from scipy.ndimage import maximum_filter, minimum_filter

from medtrans.core.errors import InputRefused
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.core.score import Direction
from medtrans.metrics.image._masks import checked_mask

ROUNDING = 1e-9
"""Tolerance of doses in maxima, and of positions in voxels."""
NO_DOSE = 1e6
"""Dose outside the mask in maxima, with which no voxel agrees."""


@dataclass(frozen=True, kw_only=True)
class GammaIndex(ImageMetric):
    direction: ClassVar[Direction] = "higher"
    modality: ClassVar = "dose"
    dose_percent: Annotated[float, Gt(0)] = 3.0
    """δ, of the target's maximum."""
    distance_mm: Annotated[float, Gt(0)] = 3.0
    """DTA, distance to agreement."""
    cutoff_percent: Annotated[float, Ge(0), Lt(100)] = 10.0
    """Percentage of the target's maximum below which a voxel does not count."""
    steps: Annotated[int, Ge(1), Le(30)] = 10
    """Search positions within the distance, in each direction."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """From 0 to 1. Raises EmptyMask; InputRefused for a target without dose."""
        body = checked_mask(mask, "gamma_index")
        top = float(target[body].max())
        if top <= 0:
            raise InputRefused(
                "gamma_index",
                f"the target's maximum in the mask is {top:g}, so that no percentage of it is defined",
                "give a dose in Gy",
            )
        counts, delta = body & (target >= self.cutoff_percent / 100 * top), self.dose_percent / 100 * top
        wide = zip(spacing, body.shape, strict=True)
        reach = [int(self.distance_mm / mm) + 1 if side > 1 else 0 for mm, side in wide]
        places = np.argwhere(counts & _in_reach(translated, target, body, delta, reach))
        doses = target[tuple(places.T)].astype(np.float64)
        edge = [(voxels, voxels + 1) for voxels in reach]
        searched = np.pad(np.where(body, translated, NO_DOSE * top), edge, constant_values=NO_DOSE * top)
        searched = np.ascontiguousarray(searched, np.float64)
        passed = 0
        for shift, distance in self._offsets(spacing, body.shape):
            there = _values(searched, places + reach, shift)
            failing = np.abs(there - doses) > delta * np.sqrt(1 - distance**2) + ROUNDING * top
            passed += int(np.count_nonzero(~failing))
            places, doses = places[failing], doses[failing]
            if not len(doses):
                break
        return passed / int(np.count_nonzero(counts))

    def _offsets(self, spacing: Spacing, shape: tuple[int, ...]) -> Iterator[tuple[np.ndarray, float]]:
        """Offsets in voxels within DTA and their lengths as shares of it, the nearest first."""
        steps = [np.arange(-self.steps, self.steps + 1) if side > 1 else np.zeros(1, int) for side in shape]
        grid = np.stack(np.meshgrid(*steps, indexing="ij"), -1).reshape(-1, len(shape))
        squares = np.square(grid).sum(1)
        for one in np.argsort(squares, kind="stable")[: np.count_nonzero(squares <= self.steps**2)]:
            yield grid[one] * self.distance_mm / self.steps / np.array(spacing), np.sqrt(squares[one]) / self.steps


def _in_reach(
    translated: np.ndarray, target: np.ndarray, body: np.ndarray, delta: float, reach: list[int]
) -> np.ndarray:
    """Voxels for which a dose in the box around them can agree; the others fail without a search."""
    box = [2 * voxels + 1 for voxels in reach]
    low = minimum_filter(np.where(body, translated, np.inf), box, mode="nearest")
    high = maximum_filter(np.where(body, translated, -np.inf), box, mode="nearest")
    near: np.ndarray = (low <= target + 1.001 * delta) & (high >= target - 1.001 * delta)
    return near


def _values(image: np.ndarray, places: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """`image`, in C order, at places (n, axis) moved by one shift in voxels: so the same eight weights for all."""
    whole = np.floor(shift + ROUNDING).astype(np.intp)
    part = np.maximum(shift - whole, 0)
    flat, strides = image.ravel(), np.array(image.strides) // image.itemsize
    base, found = (places + whole) @ strides, np.zeros(len(places))
    for corner in product((0, 1), repeat=image.ndim):
        weight = float(np.where(corner, part, 1 - part).prod())
        if weight > ROUNDING:
            found += weight * flat[base + int(np.array(corner) @ strides)]
    return found
