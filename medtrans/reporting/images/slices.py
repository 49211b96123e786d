"""Slices in radiological display, for any orientation on disk.

Volumes are reoriented to RAS+ first. Axial slices are viewed from the feet, coronal slices from the front (both with
the patient's right on the left of the picture), sagittal slices from the left (face to the left).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from medtrans.core.modality import BODY_AIR_HU
from medtrans.core.volume import Volume
from medtrans.preparing.geometry import orient
from medtrans.preparing.masks import body_mask
from medtrans.preparing.patches import PLANES

Plane = Literal["axial", "coronal", "sagittal"]
AXIS: dict[Plane, int] = {plane: PLANES[plane] for plane in get_args(Plane)}
LETTERS: dict[Plane, tuple[str, str, str, str]] = {
    "axial": ("R", "L", "A", "P"),
    "coronal": ("R", "L", "S", "I"),
    "sagittal": ("A", "P", "S", "I"),
}
"""Anatomical direction at the left, right, top and bottom of the picture."""
MARGIN_MM = 15.0
"""Margin around the body."""
MIN_AREA_FRACTION = 0.2
"""Smallest body area of the worst slice, relative to the largest one: thin end slices are not representative."""


@dataclass(frozen=True)
class View:
    """One slice: `number` counts along the RAS+ axis across `plane`; `box` is the displayed (start, stop) per axis."""

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


def to_ras(volume: Volume) -> Volume:
    """The volume in RAS+ orientation; exact, without resampling."""
    return orient(volume, "RAS")[0]


def obliquity(volume: Volume) -> float:
    """Largest angle in degrees between a voxel axis and the nearest axis of the patient."""
    cosines = np.abs(volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)).max(axis=0)
    return float(np.degrees(np.arccos(np.clip(cosines.min(), 0, 1))))


def body_of(mask: Volume | None, image: Volume) -> np.ndarray:
    """Body mask (i, j, k): voxels of the mask above 0, else a segmentation of `image`, else the whole volume."""
    finite = np.nan_to_num(image.voxels[0].astype(np.float32), posinf=0.0, neginf=0.0)
    body = (
        mask.voxels[0] > 0
        if mask is not None
        else body_mask(finite, image.spacing, is_ct=bool(finite.min() < BODY_AIR_HU))
    )
    return body if body.any() else np.ones(image.shape, bool)


def centre_views(body: np.ndarray, spacing: tuple[float, float, float]) -> list[View]:
    """Axial, coronal and sagittal through the centre of mass of the body; planes one voxel wide are omitted."""
    centre = [int(np.floor(np.average(np.arange(n), weights=line) + 0.5)) for n, line in _profiles(body)]
    box = _box(body, spacing)
    views = [View(plane, centre[axis], body.shape[axis], box, spacing) for plane, axis in AXIS.items()]
    return [view for view in views if all(body.shape[axis] > 1 for axis in view.axes)]


def worst_view(error: np.ndarray, body: np.ndarray, spacing: tuple[float, float, float]) -> View | None:
    """The axial slice with the largest mean |error| in the body; None for a single slice."""
    if body.shape[2] == 1 or min(body.shape[:2]) == 1:
        return None
    area = body.sum(axis=(0, 1))
    size = np.where(body, np.abs(np.nan_to_num(error, posinf=0.0, neginf=0.0)), 0)
    mean = size.sum(axis=(0, 1)) / np.maximum(area, 1)
    number = int(np.argmax(np.where(area >= MIN_AREA_FRACTION * area.max(), mean, -1)))
    return View("axial", number, body.shape[2], _box(body, spacing), spacing, worst=True)


def _profiles(body: np.ndarray) -> list[tuple[int, np.ndarray]]:
    others = ((1, 2), (0, 2), (0, 1))
    return [(body.shape[axis], body.sum(axis=others[axis])) for axis in range(3)]


def _box(
    body: np.ndarray, spacing: tuple[float, float, float]
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Bounding box of the body with a margin, within the volume."""
    limits = []
    for (count, line), millimetres in zip(_profiles(body), spacing, strict=True):
        inside, margin = np.flatnonzero(line), round(MARGIN_MM / millimetres)
        limits.append((max(int(inside[0]) - margin, 0), min(int(inside[-1]) + 1 + margin, count)))
    return limits[0], limits[1], limits[2]
