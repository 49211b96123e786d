"""Training items: patches or slices of prepared volumes.

Item n is drawn by `default_rng([seed, n])` and nothing else, so that training can be resumed anywhere, with any number
of workers, on any number of machines. All items of a dataset have one size. Body voxels are drawn uniformly: patches
are centred on random body voxels, whole slices are drawn uniformly from those that contain body.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from torch.utils.data import Dataset

from medtrans.core.divisor import Divisor, per_axis
from medtrans.preparing.augmentation import augment_intensity, draw_intensity, draw_transforms
from medtrans.preparing.pairing import PreparedVolume, TrainingData
from medtrans.preparing.patches import PLANES, centred_start, crop, draw_index, draw_start, slice_stack
from medtrans.preparing.sampling_grid import Interpolation, is_identity, sample, sampling_grid
from medtrans.preparing.settings import PreparingSettings


class Item(NamedTuple):
    """Float32 arrays (channel, *size); the mask (1, *size) is 1 in the body of the source; conditions (conditions,)."""

    source: np.ndarray
    target: np.ndarray
    mask: np.ndarray
    conditions: np.ndarray
    seed: int
    """Seed of the random numbers that a method draws for this item."""


@dataclass(frozen=True)
class PatchLocation:
    """Where an item lies in its volume: its slice (in 2D), its first voxel, whether left and right are mirrored."""

    index: int | None
    start: tuple[int, ...]
    mirrored: bool
    grid: np.ndarray | None
    """Positions in the volume to interpolate at (`sampling_grid`); None for an item that is only cut out."""


@dataclass(frozen=True, eq=False)
class PatchDataset(Dataset[Item]):
    """An endless map from the number of an item to the item. `divisor` divides each side of an item."""

    data: TrainingData
    settings: PreparingSettings
    seed: int = 0
    divisor: Divisor = 1
    conditions: Sequence[Sequence[float]] = ()
    """Of each source's case, in the order of preparing.conditions; empty where the model takes none."""
    weights: dict[tuple[str, int], np.ndarray] = field(default_factory=dict, init=False, repr=False)
    """Sampling weights of the slices by side and case; computed on first use."""

    def __getitem__(self, number: int) -> Item:
        rng = np.random.default_rng([self.seed, number])
        case = int(rng.integers(len(self.data.sources)))
        source, location = self.data.sources[case], self._draw_location(rng, "source", case)
        partner = self.data.draw_target(rng, case)
        target_location = location if self.data.aligned else self._draw_location(rng, "target", partner)
        target = self.data.targets[partner]
        voxels = self._extract(source.voxels, location, source.background, self.settings.slices)
        degradations = draw_intensity(self.settings.augmentation, rng)
        voxels = augment_intensity(voxels, degradations, self._spacing(source), source.background)
        mask = self._extract(source.mask[None], location, 0.0, 1, "nearest")
        conditions = np.array(self.conditions[case] if self.conditions else (), np.float32)
        seed = int(np.random.SeedSequence([self.seed, number, 1]).generate_state(1)[0])
        return Item(voxels, self._extract(target.voxels, target_location, target.background, 1), mask, conditions, seed)

    @property
    def axis(self) -> int | None:
        """The axis across the slices; None in 3D."""
        return PLANES[self.settings.plane] if self.settings.spatial_dims == 2 else None

    @property
    def channels(self) -> tuple[int, int]:
        """Channels of source and target volumes; neighbouring slices are not counted."""
        return len(self.data.sources[0].voxels), len(self.data.targets[0].voxels)

    @cached_property
    def size(self) -> tuple[int, ...]:
        """Sides of every item: the patch, no larger than the largest volume or slice, rounded up to the divisor."""
        shapes = [volume.mask.shape for volume in (*self.data.sources, *self.data.targets)]
        largest = [max(sides) for axis, sides in enumerate(zip(*shapes, strict=True)) if axis != self.axis]
        patch = self.settings.patch or largest
        sides = [min(pair) for pair in zip(patch, largest, strict=True)]
        divisors = per_axis(self.divisor, len(sides))
        return tuple(math.ceil(side / divisor) * divisor for side, divisor in zip(sides, divisors, strict=True))

    def _draw_location(self, rng: np.random.Generator, side: str, case: int) -> PatchLocation:
        volume = self._volume(side, case)
        mask = volume.mask if self.axis is None else np.moveaxis(volume.mask, self.axis, 0)
        index = None
        if self.axis is not None:
            index = draw_index(rng, self._weights(side, case))
            mask = mask[index]
        if self.settings.patch:
            counts = self._weights(side, case) if index is None else None
            start = draw_start(rng, mask, self.size, counts=counts)
        else:
            start = tuple(centred_start(side, width) for side, width in zip(mask.shape, self.size, strict=True))
        drawn = draw_transforms(self.settings.augmentation, rng, self.settings.spatial_dims)
        mirrored = sum(parameters.get("mirrored", False) for _, parameters in drawn) % 2 == 1
        grid = None if is_identity(drawn) else sampling_grid(drawn, start, self.size, self._spacing(volume))
        return PatchLocation(index, start, mirrored, grid)

    def _volume(self, side: str, case: int) -> PreparedVolume:
        return (self.data.sources if side == "source" else self.data.targets)[case]

    def _weights(self, side: str, case: int) -> np.ndarray:
        """Sampling weight of each slice (in 3D: of each index of the first axis), as whole numbers."""
        if (side, case) not in self.weights:
            mask = np.moveaxis(self._volume(side, case).mask, self.axis or 0, 0)
            counts = np.count_nonzero(mask, axis=(1, 2))
            self.weights[side, case] = counts if self.settings.patch else (counts > 0).astype(int)
        return self.weights[side, case]

    def _extract(
        self,
        voxels: np.ndarray,
        location: PatchLocation,
        background: float,
        slices: int,
        interpolation: Interpolation = "bilinear",
    ) -> np.ndarray:
        """The item (channel times slices, *size) of `voxels` (channel, i, j, k)."""
        if self.axis is not None and location.index is not None:
            voxels = slice_stack(voxels, self.axis, location.index, slices)
            if location.mirrored and self.axis == 0:
                voxels = voxels.reshape(-1, slices, *voxels.shape[1:])[:, ::-1].reshape(voxels.shape)
        if location.grid is None:
            item = crop(voxels, location.start, self.size, background).astype(np.float32, copy=False)
        else:
            item = sample(voxels, location.grid, background, interpolation)
        return np.ascontiguousarray(item[:, ::-1]) if location.mirrored and self.axis != 0 else item

    def _spacing(self, volume: PreparedVolume) -> list[float]:
        """Millimetres between voxels along the axes of an item."""
        spacing = np.linalg.norm(volume.affine[:3, :3], axis=0).tolist()
        return [distance for axis, distance in enumerate(spacing) if axis != self.axis]
