"""Anatomical planes and directions, and the voxel axes that lie nearest to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from medtrans.core.volume import Volume, world_axes

Plane: TypeAlias = Literal["axial", "coronal", "sagittal", "any"]
"""Plane of the slices; any draws one of the three."""
Direction: TypeAlias = Literal["left_right", "back_front", "foot_head", "any"]
"""Direction across the head; any draws one of the three."""

PLANES = ("sagittal", "coronal", "axial")
"""Planes in the order of the world axes that they are perpendicular to."""
DIRECTIONS = ("left_right", "back_front", "foot_head")


def draw_plane(rng: np.random.Generator, plane: Plane) -> str:
    return PLANES[int(rng.integers(3))] if plane == "any" else plane


def draw_direction(rng: np.random.Generator, direction: Direction) -> str:
    return DIRECTIONS[int(rng.integers(3))] if direction == "any" else direction


def slice_axis(volume: Volume, plane: str) -> int:
    """The voxel axis (0, 1, 2) across the slices of a plane."""
    return _axis(volume, PLANES.index(plane))


def axis_along(volume: Volume, direction: str) -> int:
    """The voxel axis (0, 1, 2) along a direction."""
    return _axis(volume, DIRECTIONS.index(direction))


def in_plane_axes(volume: Volume, plane: str) -> list[int]:
    """The two voxel axes (0, 1, 2) within the slices of a plane."""
    return [axis for axis in range(3) if axis != slice_axis(volume, plane)]


def _axis(volume: Volume, world: int) -> int:
    return next(axis for axis, (nearest, _) in enumerate(world_axes(volume.affine)) if nearest == world)


def offsets_from(volume: Volume, place: Sequence[float]) -> tuple[np.ndarray, ...]:
    """Distance in mm along each axis from a place that is given as fractions of the sides; they broadcast to a grid."""
    sides = zip(volume.shape, volume.spacing, place, strict=True)
    return np.ix_(*[(np.arange(side) - middle * (side - 1)) * spacing for side, spacing, middle in sides])
