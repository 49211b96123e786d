"""Connected components of a lesion mask: 26 neighbours; those below max(10 mm³, 3 voxels) are dropped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, spatial

MIN_MM3, MIN_VOXELS = 10.0, 3
MAX_POINTS = 400
"""Surface voxels whose distances are all computed; of more, those on their convex hull."""


@dataclass(frozen=True, eq=False)
class Components:
    """Lesions of one mask: `labels` (i, j, k) are 1, 2 … in the order of their volumes, the largest first."""

    labels: np.ndarray
    volumes: tuple[float, ...]
    """In mm³."""

    def __len__(self) -> int:
        return len(self.volumes)

    @property
    def mask(self) -> np.ndarray:
        """True in a lesion."""
        return np.asarray(self.labels > 0)


def components(mask: np.ndarray, spacing: Sequence[float]) -> Components:
    """Lesions of a mask (i, j, k) with voxels of `spacing` mm."""
    numbered, count = ndimage.label(mask, structure=np.ones((3, 3, 3), bool))
    voxel = math.prod(spacing)
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    kept = [one for one in np.argsort(-sizes, kind="stable").tolist() if is_lesion(int(sizes[one]), voxel)]
    renumber = np.zeros(count + 1, np.int32)
    renumber[[one + 1 for one in kept]] = np.arange(1, len(kept) + 1)
    return Components(renumber[numbered], tuple(float(sizes[one]) * voxel for one in kept))


def is_lesion(voxels: int, voxel_mm3: float) -> bool:
    """Whether so many voxels are enough for a lesion."""
    return voxels >= MIN_VOXELS and voxels * voxel_mm3 >= MIN_MM3


def sphere_diameter(volume_mm3: float) -> float:
    """Diameter in mm of a ball of that volume."""
    return (6 * volume_mm3 / math.pi) ** (1 / 3)


def longest_diameter(mask: np.ndarray, affine: np.ndarray) -> float:
    """Largest distance of two voxel centres in mm, plus the extent of a voxel in that direction; nan of an empty mask.

    That extent is the one of the ellipsoid inscribed in the voxel.
    """
    if not mask.any():
        return math.nan
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    inside = np.pad(mask[box], 1)
    surface = (inside & ~ndimage.binary_erosion(inside))[1:-1, 1:-1, 1:-1]
    indices = np.argwhere(surface)
    points = indices @ affine[:3, :3].T
    if len(points) > MAX_POINTS:
        points = points[_hull(points)]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if len(points) == 1:
        return float(np.cbrt(np.prod(spacing)))
    distances = spatial.distance.cdist(points, points)
    one, other = np.unravel_index(int(np.argmax(distances)), distances.shape)
    longest = float(distances[one, other])
    along = np.linalg.solve(affine[:3, :3] / spacing, (points[one] - points[other]) / longest)
    return longest + float(np.linalg.norm(along * spacing))


def centre_mm(mask: np.ndarray, affine: np.ndarray) -> tuple[float, float, float]:
    """Centre of a mask in mm, RAS+: of its voxels the one nearest to their mean, so that it lies in the lesion."""
    indices = np.argwhere(mask)
    nearest = indices[np.argmin(((indices - indices.mean(axis=0)) ** 2).sum(axis=1))]
    x, y, z = (affine[:3, :3] @ nearest + affine[:3, 3]).tolist()
    return x, y, z


def _hull(points: np.ndarray) -> np.ndarray:
    """Indices of the corners of the convex hull; of every point where they lie in one plane."""
    try:
        return np.asarray(spatial.ConvexHull(points).vertices)
    except spatial.QhullError:
        return np.arange(len(points))
