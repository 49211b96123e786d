"""Borders of the sliding windows behind a translation, from its sidecar."""

from __future__ import annotations

import json
from pathlib import Path

from medtrans.core.metric import Borders


def read_borders(sidecar: Path) -> Borders | None:
    """For each axis the voxels before which a window begins or ends; None where this is unknown."""
    try:
        axes = json.loads(sidecar.read_bytes())["window_borders"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(axes, list) or len(axes) != 3 or not all(isinstance(axis, list) for axis in axes):
        return None
    if not all(type(place) is int and place > 0 for axis in axes for place in axis):
        return None
    i, j, k = (tuple(axis) for axis in axes)
    return i, j, k
