"""Slices, stacks of neighbouring slices, and patches, cut out of voxels (channel, *space) in RAS+ or a flip of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import EmptyMask

PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}
"""The axis across the slices of a plane, in RAS and its flips: PreparingSettings refuses other orientations."""


@dataclass(frozen=True, eq=False)
class LabelMask:
    """Mask of a label in the body: `[index]` computes one plane of it, for the whole of it may be large."""

    label: np.ndarray
    """(i, j, k), above 0 where more than half of a voxel is the label."""
    body: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.body.shape

    def __getitem__(self, index: int) -> np.ndarray:
        return (self.label[index] > 0) & self.body[index]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self.body)))


def slice_stack(voxels: np.ndarray, axis: int, index: int, slices: int) -> np.ndarray:
    """(channel, i, j, k) → (channel * slices, a, b): slice `index` and its neighbours, the end slices repeated.

    All slices of channel 0 come first.
    """
    count = voxels.shape[axis + 1]
    indices = np.clip(np.arange(index - slices // 2, index - slices // 2 + slices), 0, count - 1)
    by_slice = np.moveaxis(voxels, axis + 1, 0)
    # Not np.take: it would copy a mapped volume whole before it takes a few slices.
    stack = np.stack([by_slice[place] for place in indices], axis=1)
    return stack.reshape(-1, *stack.shape[2:])


def crop(voxels: np.ndarray, start: Sequence[int], size: Sequence[int], background: float) -> np.ndarray:
    """(channel, *space) → (channel, *size) from `start`, which may lie outside; voxels outside are `background`."""
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
    rng: np.random.Generator, mask: np.ndarray | LabelMask, size: Sequence[int], *, counts: np.ndarray | None = None
) -> tuple[int, ...]:
    """First voxel of a patch of `size`, centred on a voxel of the body, moved inside where it fits, else centred.

    Every voxel of the mask (*space) is equally likely to be the centre. `counts`, where known, are its voxels per index
    of the first axis: they save a pass over the whole mask. Raises EmptyMask.
    """
    counts = np.array([np.count_nonzero(plane) for plane in mask]) if counts is None else counts
    first = draw_index(rng, counts)
    plane = np.flatnonzero(mask[first])
    centre = (first, *np.unravel_index(plane[rng.integers(len(plane))], mask.shape[1:]))
    start = []
    for place, length, side in zip(centre, size, mask.shape, strict=True):
        inside = min(max(int(place) - length // 2, 0), side - length)
        start.append(inside if length < side else centred_start(side, length))
    return tuple(start)


def draw_index(rng: np.random.Generator, weights: np.ndarray) -> int:
    """An index with a probability proportional to its weight, a whole number. Raises EmptyMask where all are zero."""
    total = int(weights.sum())
    if not total:
        what = "has no voxel around which a patch could be drawn"
        raise EmptyMask("mask", what, "check the mask, or set preparing.body_mask")
    return int(np.searchsorted(np.cumsum(weights), rng.integers(total), side="right"))


def centred_start(side: int, length: int) -> int:
    """First voxel of a patch that covers the whole side and has its centre: at 0 or outside."""
    return -((length - side) // 2)
