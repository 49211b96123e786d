"""Training items: patches or slices of prepared volumes.

Item n is drawn by `default_rng([seed, n])` and nothing else, so that training can be resumed anywhere, with any number
of workers, on any number of machines. All items of a dataset have one size. Body voxels are drawn uniformly: patches
are centred on random body voxels, whole slices are drawn uniformly from those that contain body.

A fraction of the items, `foreground`, is drawn by labels instead: a label uniformly among those of the case, then a
voxel uniformly among those of the label, on which the patch is centred, or whose slice is taken. Spatial augmentation
may move it out of a patch. Isensee et al. (nnU-Net), Nature Methods 2021, https://doi.org/10.1038/s41592-020-01008-z.
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
from medtrans.preparing.null_space import SliceProjection
from medtrans.preparing.pairing import PreparedVolume, TrainingData
from medtrans.preparing.patches import PLANES, LabelMask, centred_start, crop, draw_index, draw_start, slice_stack
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
    null_space: SliceProjection | None = None
    """To what the measurement that made the source does not determine, where a training needs it."""


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
    foreground: float = 0.0
    """Fraction of the items that contain a voxel of a label of the target, in paired data."""
    lesion_weight: float = 1.0
    """Weight of the voxels of lesions in the mask of an item; all others of the body have 1."""
    weights: dict[tuple[str, int, int | None], np.ndarray] = field(default_factory=dict, init=False, repr=False)
    """Sampling weights of the slices by side, case and label; computed on first use."""

    def __getitem__(self, number: int) -> Item:
        rng = np.random.default_rng([self.seed, number])
        case, source = self.data.draw_source(rng, self.seed, number)
        location = self._draw_location(rng, "source", case)
        partner = self.data.draw_target(rng, case)
        target_location = location if self.data.aligned else self._draw_location(rng, "target", partner)
        target = self.data.target(partner, self.seed, number)
        voxels = self._extract(source.voxels, location, source.background, self.settings.slices)
        degradations = draw_intensity(self.settings.augmentation, rng)
        voxels = augment_intensity(voxels, degradations, self._spacing(source), source.background)
        mask = self._mask(source, location)
        conditions = np.array(self.conditions[case] if self.conditions else (), np.float32)
        seed = int(np.random.SeedSequence([self.seed, number, 1]).generate_state(1)[0])
        wanted = self._extract(target.voxels, target_location, target.background, 1)
        return Item(voxels, wanted, mask, conditions, seed, self._null_space(source, location))

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
        label = self._draw_label(rng, case)
        mask: np.ndarray | LabelMask = self._centres(side, case, label)
        index = None
        if self.axis is not None:
            index = draw_index(rng, self._weights(side, case, label))
            mask = mask[index]
        if self.settings.patch:
            counts = self._weights(side, case, label) if index is None else None
            start = draw_start(rng, mask, self.size, counts=counts)
        else:
            start = tuple(centred_start(side, width) for side, width in zip(mask.shape, self.size, strict=True))
        drawn = draw_transforms(self.settings.augmentation, rng, self.settings.spatial_dims)
        mirrored = sum(parameters.get("mirrored", False) for _, parameters in drawn) % 2 == 1
        grid = None if is_identity(drawn) else sampling_grid(drawn, start, self.size, self._spacing(volume))
        return PatchLocation(index, start, mirrored, grid)

    def _mask(self, source: PreparedVolume, location: PatchLocation) -> np.ndarray:
        """The mask of an item (1, *size): 1 in the body, in lesions their weight."""
        mask = self._extract(source.mask[None], location, 0.0, 1, "nearest")
        lesion = getattr(source, "lesion", None)
        if lesion is None or self.lesion_weight == 1:
            return mask
        inside = self._extract(lesion[None], location, 0.0, 1, "nearest")
        return np.where(inside > 0, mask * np.float32(self.lesion_weight), mask)

    def _null_space(self, source: PreparedVolume, location: PatchLocation) -> SliceProjection | None:
        made_by = getattr(source, "made_by", None)
        if made_by is None:
            return None
        assert self.axis is not None, "recipes are refused otherwise"
        sides = [side for axis, side in enumerate(source.mask.shape) if axis != self.axis]
        return SliceProjection(made_by, source.affine, self.axis, tuple(sides), location.start)

    def _volume(self, side: str, case: int) -> PreparedVolume:
        return (self.data.sources if side == "source" else self.data.targets)[case]

    def _draw_label(self, rng: np.random.Generator, case: int) -> int | None:
        """The label that an item contains; None where its place is drawn from the whole body."""
        if not self.foreground or rng.random() >= self.foreground:
            return None
        present = [label for label in range(self.channels[1]) if self._weights("source", case, label).any()]
        return present[rng.integers(len(present))] if present else None

    def _centres(self, side: str, case: int, label: int | None) -> np.ndarray | LabelMask:
        """Voxels on which an item may be centred, the slices first: those of the body, or of a label in it."""
        axis = self.axis or 0
        body = np.moveaxis(self._volume(side, case).mask, axis, 0)
        if label is None:
            return body
        return LabelMask(np.moveaxis(self.data.targets[case].voxels[label], axis, 0), body)

    def _weights(self, side: str, case: int, label: int | None) -> np.ndarray:
        """Sampling weight of each slice (in 3D: of each index of the first axis), as whole numbers."""
        key = side, case, label
        if key not in self.weights:
            counts = np.array([np.count_nonzero(plane) for plane in self._centres(side, case, label)])
            whole_slices = label is None and not self.settings.patch
            self.weights[key] = (counts > 0).astype(int) if whole_slices else counts
        return self.weights[key]

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
