"""Slices, stacks of neighbouring slices, and blocks, cut from voxels (channel, *space) in RAS+ or a flip of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medtrans.core.errors import EmptyMask

PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}
"""The axis across which the slices of a plane are stacked, in RAS and its flips: PreparingSettings refuses others."""


def slice_stack(voxels: np.ndarray, axis: int, index: int, stack: int) -> np.ndarray:
    """(channel, i, j, k) → (channel * stack, a, b): slice `index` and its neighbours, the end slices repeated.

    All slices of channel 0 come first.
    """
    count = voxels.shape[axis + 1]
    wanted = np.clip(np.arange(index - stack // 2, index - stack // 2 + stack), 0, count - 1)
    slices = np.moveaxis(voxels, axis + 1, 0)
    # Not np.take: it would copy a mapped volume whole before it takes a few slices.
    taken = np.stack([slices[place] for place in wanted], axis=1)
    return taken.reshape(-1, *taken.shape[2:])


def crop(voxels: np.ndarray, start: Sequence[int], size: Sequence[int], background: float) -> np.ndarray:
    """(channel, *space) → (channel, *size) from `start`, which may lie outside; what is outside is `background`."""
    out = np.full((len(voxels), *size), background, voxels.dtype)
    source, target = [slice(None)], [slice(None)]
    for begin, length, side in zip(start, size, voxels.shape[1:], strict=True):
        first, last = max(begin, 0), min(begin + length, side)
        if first >= last:
            return out
        source.append(slice(first, last))
        target.append(slice(first - begin, last - begin))
    out[tuple(target)] = voxels[tuple(source)]
    return out


def draw_start(
    dice: np.random.Generator, within: np.ndarray, size: Sequence[int], *, counts: np.ndarray | None = None
) -> tuple[int, ...]:
    """Where a patch of `size` starts, centred on a voxel of the body, moved inside where it fits, else centred.

    Every voxel of the body (*space) is equally likely to be the centre. `counts`, where known, are its voxels per index
    of the first axis: they save going through the whole mask. Raises EmptyMask.
    """
    counts = np.count_nonzero(within, axis=tuple(range(1, within.ndim))) if counts is None else counts
    first = draw_index(dice, counts)
    plane = np.flatnonzero(within[first])
    centre = (first, *np.unravel_index(plane[dice.integers(len(plane))], within.shape[1:]))
    start = []
    for place, length, side in zip(centre, size, within.shape, strict=True):
        inside = min(max(int(place) - length // 2, 0), side - length)
        start.append(inside if length < side else centred_start(side, length))
    return tuple(start)


def draw_index(dice: np.random.Generator, weights: np.ndarray) -> int:
    """An index, as likely as its weight, a whole number. Raises EmptyMask where all are zero."""
    total = int(weights.sum())
    if not total:
        raise EmptyMask("mask", "holds no voxel to draw a patch around", "check the mask, or set preparing.body")
    return int(np.searchsorted(np.cumsum(weights), dice.integers(total), side="right"))


def centred_start(side: int, length: int) -> int:
    """Where a patch starts that takes in the whole side and shares its centre: at 0 or outside."""
    return -((length - side) // 2)
