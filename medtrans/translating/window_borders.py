"""Borders of the sliding windows of a translation, in voxels of the volume that was translated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from medtrans.core.volume import Volume
from medtrans.preparing.geometry import to_grid

if TYPE_CHECKING:
    from medtrans.translating.ensemble import AnyTranslator
    from medtrans.translating.translator import Translator


def window_borders(translator: AnyTranslator, volume: Volume) -> list[list[int]]:
    """For each axis of `volume`, the voxels before which a window begins or ends; none where there is one window.

    Of an ensemble, those of every member.
    """
    every = [_borders(member, volume) for member in translator.members]
    return [sorted(set().union(*(one[axis] for one in every))) for axis in range(3)]


def _borders(translator: Translator, volume: Volume) -> list[set[int]]:
    settings = translator.preparation.settings
    empty = Volume(np.broadcast_to(np.uint8(0), (1, *volume.shape)), volume.affine)
    grid, _ = to_grid(empty, orientation=settings.orientation, spacing=settings.spacing, order=0)
    to_voxels = np.linalg.inv(volume.affine) @ grid.affine
    found: list[set[int]] = [set(), set(), set()]
    for window in translator.sliding_window.windows(grid.shape):
        if window.index:
            break  # All slices are cut in the same way.
        axes = [axis for axis in range(3) if axis != window.axis]
        for axis, start, side in zip(axes, window.start, window.size, strict=True):
            own = int(np.abs(to_voxels[:3, axis]).argmax())
            edges = {start, start + side}
            if axis == 0 and translator.settings.mirror != "none":
                edges |= {grid.shape[0] - edge for edge in edges}
            for edge in edges:
                if 0 < edge < grid.shape[axis]:
                    place = to_voxels[own, axis] * (edge - 0.5) + to_voxels[own, 3]
                    found[own].add(math.ceil(round(place, 3)))
    return found
