"""Coarse image: block means of about 4 mm and the body in them, from which size, place and orientation are measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from scipy import ndimage

from medtrans.core.volume import Volume
from medtrans.preparing.masks import air_level, body_mask

SIDE_MM, SMOOTH_MM = 4.0, 6.0


@dataclass(frozen=True, eq=False)
class Coarse:
    """Block means of one channel (i, j, k), air subtracted, and which of them are body."""

    image: np.ndarray
    affine: np.ndarray
    body: np.ndarray
    air: float

    @cached_property
    def spacing(self) -> tuple[float, ...]:
        """Millimetres along i, j, k."""
        return tuple(np.linalg.norm(self.affine[:3, :3], axis=0).tolist())

    @cached_property
    def points(self) -> np.ndarray:
        """The body voxels (point, 3) in mm of the world."""
        return to_world(self.affine, np.argwhere(self.body))

    @cached_property
    def voxel_ml(self) -> float:
        """Millilitres of a block."""
        return abs(float(np.linalg.det(self.affine[:3, :3]))) / 1e3

    @cached_property
    def maps(self) -> list[np.ndarray]:
        """Body, edges and signal (i, j, k), smoothed; edges and signal in parts of the mean signal of the body."""
        deviations = [SMOOTH_MM / size for size in self.spacing]
        scale = max(float(self.image[self.body].mean()), 1e-9)
        relative = np.clip(self.image / np.float32(scale), -1, 4)
        body = ndimage.gaussian_filter(self.body.astype(np.float32), deviations, truncate=3)
        edges = ndimage.gaussian_gradient_magnitude(relative, deviations, truncate=3)
        return [body, edges, ndimage.gaussian_filter(relative, deviations, truncate=3)]

    def indices(self, points: np.ndarray) -> np.ndarray:
        """Voxel coordinates (3, point) of points (point, 3) in mm of the world."""
        inverse = np.linalg.inv(self.affine)
        return inverse[:3, :3] @ points.T + inverse[:3, 3:]


def coarsen(volume: Volume, *, is_ct: bool = False) -> Coarse:
    """Of the first channel."""
    voxels = volume.voxels[0]
    factors = [
        min(max(1, round(SIDE_MM / size)), side) for size, side in zip(volume.spacing, voxels.shape, strict=True)
    ]
    image = _block_means(voxels, factors)
    to_fine = np.diag([*factors, 1.0])
    to_fine[:3, 3] = [(factor - 1) / 2 for factor in factors]
    affine = volume.affine @ to_fine
    body = body_mask(image, np.linalg.norm(affine[:3, :3], axis=0).tolist(), is_ct=is_ct)
    air = -1000.0 if is_ct else air_level(image, body)
    return Coarse(image - np.float32(air), affine, body, air)


def to_world(affine: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Points (point, 3) in mm of voxel indices (point, 3)."""
    return np.asarray(indices @ affine[:3, :3].T + affine[:3, 3])


def _block_means(voxels: np.ndarray, factors: list[int]) -> np.ndarray:
    """Float32 means of blocks; the last blocks of an axis are filled by its last voxels."""
    for axis, factor in enumerate(factors):
        moved = np.moveaxis(voxels, axis, 0)
        last = len(moved) - 1
        count = -(-len(moved) // factor)
        planes = [moved[np.minimum(np.arange(count) * factor + step, last)] for step in range(factor)]
        total = reduce(np.add, planes, np.zeros(planes[0].shape, np.float32))
        voxels = np.moveaxis(total / np.float32(factor), 0, axis)
    return voxels
