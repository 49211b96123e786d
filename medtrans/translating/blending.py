"""Blending weights of overlapping windows along one axis, and the positions of the windows.

    Σ_w a_w(v) = 1   at every voxel v,   a_w(v) = p(v - s_w) / Σ_u p(v - s_u)

p is the profile of a window (Gaussian or Hann), s_w the start of window w. The weights sum to one along each axis, so
their products sum to one over the volume: no division is left for the end, and a single window has the weight 1
exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def window_size(space: Sequence[int], window: Sequence[int], divisors: Sequence[int]) -> tuple[int, ...]:
    """Voxels of a window: `window` where it is smaller than the volume, else the whole side; multiples of `divisors`.

    An empty `window` stands for the whole volume.
    """
    sides = [min(pair) for pair in zip(window, space, strict=True)] if window else space
    return tuple(math.ceil(side / divisor) * divisor for side, divisor in zip(sides, divisors, strict=True))


def window_starts(side: int, width: int, overlap: float, divisor: int) -> list[int]:
    """First voxels of the windows of `width` that cover `side`, evenly spaced.

    A single window that covers the whole side is centred on it. Several windows start at multiples of the divisor:
    the pooling grid of the network is then the same in all of them, so that neighbours do not differ by its phase.
    """
    if width >= side:
        return [-((width - side) // 2)]
    room = math.ceil(side / divisor) * divisor - width
    steps = math.ceil(room / max(width * (1 - overlap), 1))
    return sorted({room * number // steps // divisor * divisor for number in range(steps + 1)})


def overlap_slices(side: int, width: int, start: int) -> tuple[slice, slice]:
    """The overlap of a window with the volume: in indices of the volume, and in indices of the window."""
    first, last = max(start, 0), min(start + width, side)
    return slice(first, last), slice(first - start, last - start)


def window_weights(side: int, width: int, starts: Sequence[int], blending: str) -> list[np.ndarray]:
    """float32 weights of each window at the voxels it covers; they sum to one at every voxel of `side`."""
    x = (np.arange(width) + 0.5) / width
    profile = np.sin(np.pi * x) ** 2 if blending == "hann" else np.exp(-0.5 * ((x - 0.5) * 8) ** 2)
    total = np.zeros(side)
    for start in starts:
        inside, own = overlap_slices(side, width, start)
        total[inside] += profile[own]
    overlaps = [overlap_slices(side, width, start) for start in starts]
    return [(profile[own] / total[inside]).astype(np.float32) for inside, own in overlaps]
