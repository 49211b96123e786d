"""One window of a volume: its voxels of the source, and its weighted part of the result."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from medtrans.preparing.patches import crop, slice_stack
from medtrans.translating.blending import overlap_slices


@dataclass(frozen=True, eq=False)
class Window:
    """`size` voxels from `start`, which may lie outside: of slice `index` across `axis`, or of the volume if None.

    `weights` has one array for each axis of the window, for the voxels inside the volume.
    """

    start: tuple[int, ...]
    size: tuple[int, ...]
    weights: tuple[np.ndarray, ...]
    axis: int | None
    index: int | None

    def inside(self, voxels: np.ndarray) -> np.ndarray:
        """A view (channel, *space) of the voxels (channel, i, j, k) that the window covers."""
        space = voxels if self.axis is None else np.moveaxis(voxels, self.axis + 1, 0)[self.index]
        covered = [overlap_slices(*axis)[0] for axis in zip(space.shape[1:], self.size, self.start, strict=True)]
        return space[(slice(None), *covered)]

    def source(self, voxels: np.ndarray, slices: int, background: float) -> np.ndarray:
        """The window (channel times slices, *size) of the source, padded with its background."""
        if self.axis is not None and self.index is not None:
            voxels = slice_stack(voxels, self.axis, self.index, slices)
        return crop(voxels, self.start, self.size, background)

    def add(self, translated: np.ndarray | float, out: np.ndarray) -> None:
        """Add `translated`, (target channel, *size) or one value for all, times the weights to `out`."""
        covered = self.inside(out)
        if isinstance(translated, np.ndarray):
            first = [max(-start, 0) for start in self.start]
            own = [slice(a, a + side) for a, side in zip(first, covered.shape[1:], strict=True)]
            translated = translated[(slice(None), *own)]
        covered += translated * functools.reduce(np.multiply, np.ix_(*self.weights))
