"""Where windows lie along one axis, and how much each has to say there.

    Σ_w a_w(v) = 1   at every voxel v,   a_w(v) = p(v - s_w) / Σ_u p(v - s_u)

p is the profile of a window, s_w its start. Made to sum to one per axis, so do their products over the axes: nothing
is left to be divided afterwards, and a window that stands alone has the weight 1, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def window_size(space: Sequence[int], patch: Sequence[int], divisors: Sequence[int]) -> tuple[int, ...]:
    """`patch` where it is smaller than the volume, else the whole side; rounded up to the divisor of its axis."""
    wanted = [min(pair) for pair in zip(patch, space, strict=True)] if patch else space
    return tuple(math.ceil(side / divisor) * divisor for side, divisor in zip(wanted, divisors, strict=True))


def window_starts(side: int, width: int, overlap: float, divisor: int) -> list[int]:
    """Where windows of `width` begin so that they cover `side`, evenly spread.

    One window that takes in the whole side is centred on it. Several begin at multiples of the divisor: all see the
    same pooling grid, so that none differs from its neighbour by its phase.
    """
    if width >= side:
        return [-((width - side) // 2)]
    room = math.ceil(side / divisor) * divisor - width
    steps = math.ceil(room / max(width * (1 - overlap), 1))
    return sorted({room * number // steps // divisor * divisor for number in range(steps + 1)})


def span(side: int, width: int, start: int) -> tuple[slice, slice]:
    """The voxels of the side that a window covers, and the same voxels as the window counts them."""
    first, last = max(start, 0), min(start + width, side)
    return slice(first, last), slice(first - start, last - start)


def shares(side: int, width: int, starts: Sequence[int], blending: str) -> list[np.ndarray]:
    """Each window's weights (float32) at the voxels it covers; at every voxel of `side` they sum to one."""
    x = (np.arange(width) + 0.5) / width
    profile = np.sin(np.pi * x) ** 2 if blending == "hann" else np.exp(-0.5 * ((x - 0.5) * 8) ** 2)
    total = np.zeros(side)
    for start in starts:
        inside, own = span(side, width, start)
        total[inside] += profile[own]
    spans = [span(side, width, start) for start in starts]
    return [(profile[own] / total[inside]).astype(np.float32) for inside, own in spans]
