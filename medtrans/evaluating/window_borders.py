"""Borders of the sliding windows behind a translation, from its sidecar."""

from __future__ import annotations

from pathlib import Path

from medtrans.core.metric import Borders
from medtrans.reading.sidecars import read_sidecar


def read_borders(sidecar: Path) -> Borders | None:
    """For each axis the voxels before which a window begins or ends; None where this is unknown.

    Raises InputRefused where the sidecar is damaged.
    """
    axes = read_sidecar(sidecar).get("window_borders")
    if not isinstance(axes, list) or len(axes) != 3 or not all(isinstance(axis, list) for axis in axes):
        return None
    if not all(type(place) is int and place > 0 for axis in axes for place in axis):
        return None
    i, j, k = (tuple(axis) for axis in axes)
    return i, j, k
