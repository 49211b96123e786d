"""Gaussian filter and linear interpolation with the same bits on every processor: see `arithmetic`.

SciPy's filter is compiled, and takes its weights from NumPy's exponential.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Literal

import numpy as np

from medtrans.core.arithmetic import exp

SLAB = 1 << 16
"""Voxels that are filtered at once."""


def gaussian_filter(
    image: np.ndarray,
    deviations: Sequence[float],
    *,
    border: Literal["symmetric", "wrap"] = "symmetric",
    truncate: float = 4.0,
) -> np.ndarray:
    """Filtered with a Gaussian of these standard deviations in voxels, one for each axis, as by SciPy: float32."""
    out = image.astype(np.float32, order="C")
    for axis, deviation in enumerate(deviations):
        if deviation <= 0:
            continue
        weights = gaussian_weights(deviation, truncate)
        reach, side = len(weights) - 1, out.shape[axis]
        pads = [(reach, reach) if other == axis else (0, 0) for other in range(out.ndim)]
        padded = np.pad(out, pads, mode=border)
        for slab in _slabs(out.shape, axis):
            given, total = np.moveaxis(padded[slab], axis, 0), np.moveaxis(out[slab], axis, 0)
            np.multiply(given[reach : reach + side], weights[0], out=total)
            both = np.empty_like(total)
            for step, weight in enumerate(weights[1:], 1):
                below, above = reach - step, reach + step
                np.add(given[below : below + side], given[above : above + side], out=both)
                both *= weight
                total += both
    return out


def _slabs(shape: tuple[int, ...], axis: int) -> list[tuple[slice, ...]]:
    """Parts of an array across `axis`, each small enough for the cache of a processor."""
    if len(shape) == 1:
        return [(slice(None),)]
    across = 1 if axis == 0 else 0
    thick = max(1, SLAB * shape[across] // max(prod(shape), 1))
    return [(*[slice(None)] * across, slice(first, first + thick)) for first in range(0, shape[across], thick)]


def interpolate(field: np.ndarray, places: Sequence[np.ndarray]) -> np.ndarray:
    """Linear interpolation of a periodic field at `places`, an array for each axis, in voxels: float32."""
    first = [np.floor(place) for place in places]
    shares = [place - low for place, low in zip(places, first, strict=True)]
    below = [low.astype(np.int64) % side for low, side in zip(first, field.shape, strict=True)]
    above = [(low + 1) % side for low, side in zip(below, field.shape, strict=True)]
    out = np.zeros(np.broadcast_shapes(*(place.shape for place in places)), np.float32)
    for corner in product((0, 1), repeat=field.ndim):
        value = field[tuple((below, above)[upper][axis] for axis, upper in enumerate(corner))]
        for upper, share in zip(corner, shares, strict=True):
            value = value * (share if upper else 1 - share)
        out += value
    return out


def gaussian_weights(deviation: float, truncate: float = 4.0) -> np.ndarray:
    """Weights of the voxel itself and of those 1, 2 … away, as far as `truncate` standard deviations: float32."""
    steps = np.arange(int(truncate * deviation + 0.5) + 1) / deviation
    weights = exp(-0.5 * steps * steps).tolist()
    both_sides = weights[0] + 2 * sum(weights[1:])
    return np.array([weight / both_sides for weight in weights], np.float32)
