"""Projections of slices by parallel rays, and filtered backprojection.

    p(θ, t) = ∫ μ(x, y) δ(x cos θ + y sin θ - t) dx dy
    μ(x, y) = π / M Σ_θ (p * h)(θ, x cos θ + y sin θ),   h the ramp filter with a cosine window

Kak and Slaney, Principles of Computerized Tomographic Imaging 1988, chapter 3, https://doi.org/10.1137/1.9780898719277
Each voxel is shared linearly by the two nearest rays, so that backprojection is the exact transpose of projection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil, hypot, pi

import numpy as np
from scipy import fft, sparse

from medtrans.core.modality import AIR_HU
from medtrans.core.volume import Volume
from medtrans.degradations._directions import in_plane_axes, slice_axis

VIEWS = 360
"""Views of a full scan of half a turn."""
SLAB = 128
"""Slices that are projected at once."""
MAX_ELEMENTS = 1 << 22
"""Most elements of the matrices of a beam that are kept: 50 MB."""


@dataclass(frozen=True)
class ParallelBeam:
    """Rays through slices of `shape` voxels of `spacing` mm, at angles in radians."""

    shape: tuple[int, int]
    spacing: tuple[float, float]
    angles: tuple[float, ...]

    @property
    def width(self) -> float:
        """Distance between rays in mm."""
        return min(self.spacing)

    @property
    def length(self) -> float:
        """Mean length of a ray in a voxel, in mm."""
        return self.spacing[0] * self.spacing[1] / self.width

    @property
    def places(self) -> list[np.ndarray]:
        """Distance of the voxels from the centre of a slice along each of its axes, in mm."""
        sides = zip(self.shape, self.spacing, strict=True)
        return [(np.arange(side) - (side - 1) / 2) * mm for side, mm in sides]

    @property
    def rays(self) -> int:
        """Rays of a view: enough for the diagonal of a slice."""
        return ceil(hypot(*(side * mm for side, mm in zip(self.shape, self.spacing, strict=True))) / self.width) + 3

    @property
    def offsets(self) -> np.ndarray:
        """Distance of each ray from the centre in mm."""
        return (np.arange(self.rays) - (self.rays - 1) / 2) * self.width

    def project(self, slices: np.ndarray) -> np.ndarray:
        """(voxels of a slice, slices) → (views, rays, slices): integrals along the rays, in units of voxels · mm."""
        return np.stack([(shares @ slices) * slices.dtype.type(self.length) for shares in self._views(slices.dtype)])

    def project_back(self, projections: np.ndarray) -> np.ndarray:
        """The transpose of `project`, but for the length of a ray in a voxel."""
        total = np.zeros((self.shape[0] * self.shape[1], projections.shape[2]), projections.dtype)
        for shares, view in zip(self._views(projections.dtype), projections, strict=True):
            total += shares.T @ view
        return total

    def transpose(self, projections: np.ndarray) -> np.ndarray:
        """The transpose of `project`."""
        return self.project_back(projections) * projections.dtype.type(self.length)

    def reconstruct(self, projections: np.ndarray) -> np.ndarray:
        """Filtered backprojection: (views, rays, slices) → (voxels of a slice, slices)."""
        spectrum = fft.rfft(projections, 2 * self.rays, axis=1) * self._filter[None, :, None]
        filtered = fft.irfft(spectrum, 2 * self.rays, axis=1)[:, : self.rays].astype(projections.dtype, copy=False)
        return self.project_back(filtered) * projections.dtype.type(pi / len(self.angles))

    @cached_property
    def _filter(self) -> np.ndarray:
        """Transform of the ramp filter times a cosine window, for rays padded to twice their number."""
        size = 2 * self.rays
        places = np.minimum(np.arange(size), size - np.arange(size))
        kernel = np.zeros(size)
        odd = places % 2 == 1
        kernel[odd] = -1 / (pi * places[odd] * self.width) ** 2
        kernel[0] = 1 / (2 * self.width) ** 2
        ramp = fft.rfft(kernel).real * self.width
        return (ramp * np.cos(np.linspace(0, pi / 2, len(ramp)))).astype(np.float32)

    def _views(self, dtype: np.dtype) -> Iterable[sparse.csc_array]:
        """The matrix of each view: all at once where they are small, else one after the other."""
        if 2 * self.shape[0] * self.shape[1] * len(self.angles) <= MAX_ELEMENTS:
            return [shares.astype(dtype, copy=False) for shares in self._small]
        return (self._shares(angle, dtype) for angle in self.angles)

    @cached_property
    def _small(self) -> list[sparse.csc_array]:
        return [self._shares(angle, np.dtype(np.float64)) for angle in self.angles]

    def _shares(self, angle: float, dtype: np.dtype) -> sparse.csc_array:
        """(rays, voxels of a slice): the share of each voxel in its two nearest rays."""
        first, second = self.places
        places = (first[:, None] * np.cos(angle) + second * np.sin(angle)).ravel() / self.width + (self.rays - 1) / 2
        ray = places.astype(np.int32)  # Rounded down: rays are counted from 0.
        weights, rays = np.empty((len(ray), 2), dtype), np.empty((len(ray), 2), np.int32)
        weights[:, 1] = places - ray
        weights[:, 0] = 1 - weights[:, 1]
        rays[:, 0] = ray
        rays[:, 1] = ray + 1
        return sparse.csc_array(
            (weights.ravel(), rays.ravel(), np.arange(0, 2 * len(ray) + 1, 2, dtype=np.int32)), (self.rays, len(ray))
        )


def beam(volume: Volume, angles: Sequence[float] | np.ndarray | None = None) -> ParallelBeam:
    """The rays through the axial slices of a volume; a full scan where no angles are given."""
    a, b = in_plane_axes(volume, "axial")
    chosen = np.arange(VIEWS) * pi / VIEWS if angles is None else np.asarray(angles)
    shape, spacing = volume.shape, volume.spacing
    return _beam((shape[a], shape[b]), (spacing[a], spacing[b]), tuple(chosen.tolist()))


_beam = lru_cache(maxsize=2)(ParallelBeam)


def to_slices(voxels: np.ndarray, grid: Volume) -> np.ndarray:
    """(channel, i, j, k) → (voxels of an axial slice, slices of all channels)."""
    moved = np.moveaxis(voxels, slice_axis(grid, "axial") + 1, 1)
    return np.ascontiguousarray(moved.reshape(moved.shape[0] * moved.shape[1], -1).T)


def from_slices(slices: np.ndarray, grid: Volume, channels: int) -> np.ndarray:
    """The inverse of `to_slices`."""
    axis = slice_axis(grid, "axial")
    a, b = in_plane_axes(grid, "axial")
    moved = slices.T.reshape(channels, grid.shape[axis], grid.shape[a], grid.shape[b])
    return np.ascontiguousarray(np.moveaxis(moved, 1, axis + 1))


def add_reconstructed(volume: Volume, change: Callable[[np.ndarray, slice], np.ndarray]) -> Volume:
    """The volume in HU plus what `change` gives for each slab of slices: (voxels of a slice, slices) → the same.

    Only the change goes through projections, so that the image itself is not reconstructed anew.
    """
    voxels = volume.voxels.astype(np.float32, copy=False)
    slices = to_slices(voxels, volume).copy()
    for part in slabs(slices.shape[1]):
        slices[:, part] += change(slices[:, part], part)
    return volume.like(np.maximum(from_slices(slices, volume, volume.channels), np.float32(AIR_HU)))


def slabs(count: int) -> Iterator[slice]:
    for begin in range(0, count, SLAB):
        yield slice(begin, min(begin + SLAB, count))
