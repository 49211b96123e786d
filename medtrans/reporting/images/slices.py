"""Slices as a radiologist expects them, whatever way the voxels run.

Volumes are turned to RAS+ first. Then: axial seen from the feet, coronal from the front (both with the patient's right
on the left of the picture), sagittal seen from the left (the face to the left).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from medtrans.core.volume import Volume
from medtrans.preparing.geometry import orient
from medtrans.preparing.masks import body_mask

Plane = Literal["axial", "coronal", "sagittal"]
AXIS: dict[Plane, int] = {"axial": 2, "coronal": 1, "sagittal": 0}
LETTERS: dict[Plane, tuple[str, str, str, str]] = {
    "axial": ("R", "L", "A", "P"),
    "coronal": ("R", "L", "S", "I"),
    "sagittal": ("A", "P", "S", "I"),
}
"""What lies at the left, right, top and bottom of the picture."""
MARGIN = 15.0
"""Millimetres shown around the body."""
SHARE = 0.2
"""A slice counts as the worst only with at least this share of the largest body area: rims say little."""


@dataclass(frozen=True)
class View:
    """One slice: `number` counts along the RAS+ axis across `plane`; `box` is what is shown, (start, stop) per axis."""

    plane: Plane
    number: int
    count: int
    box: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    spacing: tuple[float, float, float]
    worst: bool = False

    @property
    def axes(self) -> tuple[int, int]:
        """The RAS+ axes that run across and up the picture."""
        across, up = (axis for axis in range(3) if axis != AXIS[self.plane])
        return across, up

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height of the picture in mm."""
        width, height = ((self.box[axis][1] - self.box[axis][0]) * self.spacing[axis] for axis in self.axes)
        return width, height

    def cut(self, voxels: np.ndarray) -> np.ndarray:
        """The picture (rows, columns), first row on top, of voxels (i, j, k) in RAS+."""
        chosen = tuple(slice(*limits) for limits in self.box)
        plane = np.moveaxis(voxels, AXIS[self.plane], 0)[self.number]
        across, up = self.axes
        return plane[chosen[across], chosen[up]].T[::-1, ::-1]


def upright(volume: Volume) -> Volume:
    """Turned to RAS+; exact, no resampling."""
    return orient(volume, "RAS")[0]


def tilt(volume: Volume) -> float:
    """Degrees by which the voxel axes lean away from the patient's axes, at most."""
    cosines = np.abs(volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)).max(axis=0)
    return float(np.degrees(np.arccos(np.clip(cosines.min(), 0, 1))))


def body_of(mask: Volume | None, image: Volume) -> np.ndarray:
    """True in the body (i, j, k): the mask's voxels above 0, else what is found in `image`, else everything."""
    finite = np.nan_to_num(image.voxels[0].astype(np.float32), posinf=0.0, neginf=0.0)
    found = mask.voxels[0] > 0 if mask is not None else body_mask(finite)
    return found if found.any() else np.ones(image.shape, bool)


def centre_views(body: np.ndarray, spacing: tuple[float, float, float]) -> list[View]:
    """Axial, coronal and sagittal through the body's centre of mass; planes of one voxel's width are left out."""
    centre = [int(np.floor(np.average(np.arange(n), weights=line) + 0.5)) for n, line in _profiles(body)]
    box = _box(body, spacing)
    views = [View(plane, centre[axis], body.shape[axis], box, spacing) for plane, axis in AXIS.items()]
    return [view for view in views if all(body.shape[axis] > 1 for axis in view.axes)]


def worst_view(error: np.ndarray, body: np.ndarray, spacing: tuple[float, float, float]) -> View | None:
    """The axial slice with the largest mean |error| in the body; None where there is but one slice."""
    if body.shape[2] == 1 or min(body.shape[:2]) == 1:
        return None
    area = body.sum(axis=(0, 1))
    size = np.where(body, np.abs(np.nan_to_num(error, posinf=0.0, neginf=0.0)), 0)
    mean = size.sum(axis=(0, 1)) / np.maximum(area, 1)
    number = int(np.argmax(np.where(area >= SHARE * area.max(), mean, -1)))
    return View("axial", number, body.shape[2], _box(body, spacing), spacing, worst=True)


def _profiles(body: np.ndarray) -> list[tuple[int, np.ndarray]]:
    others = ((1, 2), (0, 2), (0, 1))
    return [(body.shape[axis], body.sum(axis=others[axis])) for axis in range(3)]


def _box(
    body: np.ndarray, spacing: tuple[float, float, float]
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """The body and a margin, within the volume."""
    limits = []
    for (count, line), millimetres in zip(_profiles(body), spacing, strict=True):
        there, margin = np.flatnonzero(line), round(MARGIN / millimetres)
        limits.append((max(int(there[0]) - margin, 0), min(int(there[-1]) + 1 + margin, count)))
    return limits[0], limits[1], limits[2]
