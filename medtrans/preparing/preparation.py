"""Preparation: from a volume to what networks get, and from what they predict back to the volume's own grid and unit.

A mask says which voxels count. It never changes intensities: these are measured in the body found in the volumes, so
that a source is normalised alike with a mask, as in training, and without, as in translation. The air of an MR source
is measured too and taken as 0, so that an offset of its intensities changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

import numpy as np

from medtrans.core.case import Pair
from medtrans.core.errors import EmptyMask, GridMismatch, UsageError
from medtrans.core.method import Task
from medtrans.core.modality import Modality, ModalityName, find_modality
from medtrans.core.volume import Volume
from medtrans.core.voxel_statistics import elementwise
from medtrans.preparing.geometry import ORDERS, Undo, to_grid
from medtrans.preparing.intensity_scale import scaled, upper_percentiles
from medtrans.preparing.masks import BODY_MASKS, air_level, dilated
from medtrans.preparing.normalisation import Normaliser
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.memory import memory_errors
from medtrans.reading.padding import padding_as_air, without_padding

AGAIN = "train the model again with this version of medtrans"
MAX_FIT_VOXELS = 200_000
"""Largest number of voxels of a training image that normalisation is fitted to."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Normalised voxels (channel, i, j, k) on the networks' grid, the mask (i, j, k), and the volume they are from."""

    voxels: np.ndarray
    mask: np.ndarray
    """Voxels that count: outside of it nothing is learnt, and air is written."""
    affine: np.ndarray
    original: Volume
    undo: Undo = field(repr=False)
    background: float = -1.0
    """The normalised value of air in this volume; the mean over its channels."""
    lesion: np.ndarray | None = None  # voxels of lesions (i, j, k), where a mask of them is given


@dataclass(frozen=True)
class Preparation:
    """PreparingSettings for two modalities. Frozen: `fit` returns a copy fitted to training pairs.

    Raises UsageError where a normalisation does not suit the modality.
    """

    settings: PreparingSettings
    source_modality: ModalityName = "MR"
    target_modality: ModalityName = "CT"
    target_percentiles: tuple[float, ...] = ()
    """Fitted, for targets without a unit: the 99.5th percentile in the body of each channel, the median over them."""

    def __post_init__(self) -> None:
        settings = self.settings.for_modalities(find_modality(self.source_modality), self.modality)
        object.__setattr__(self, "settings", settings)

    @property
    def modality(self) -> Modality:
        """Of the targets: it decides the unit, the value of air and the data type of what is written."""
        return find_modality(self.target_modality)

    @property
    def has_unit(self) -> bool:
        """Whether translations have a unit: HU, say. MR has none that scanners share, nor has a painted one."""
        return self.settings.target_normalisation.keeps_unit and not self.target_percentiles

    @property
    def is_painted_t1(self) -> bool:
        """Whether the targets were painted as MR, which is as T1: their scale is fixed, and no scanner's."""
        return self.settings.target_normalisation.keeps_unit and bool(self.target_percentiles)

    def fit(self, pairs: Iterable[Pair], *, arbitrary_unit: bool = False) -> Self:
        """Fit both normalisations; a case of one side is used for that side. No real target has an `arbitrary_unit`."""
        voxels: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"source": [], "target": []}
        upper: list[tuple[float, ...]] = []
        for pair in pairs:
            # The pair of a case without sources has its target as source, for a Pair has a source.
            target_only = bool(pair.case.targets) and not pair.case.sources
            with memory_errors(pair.case.name):
                body = self.body_mask(pair.source)
                if not target_only:
                    air = self._air(pair.source, body)
                    voxels["source"] += (
                        _subset(one[body] - level) for one, level in zip(pair.source.voxels, air, strict=True)
                    )
                if pair.target is not None:
                    inside = self._without_padding(body, pair.target)
                    voxels["target"] += (_subset(one[inside].astype(np.float64)) for one in pair.target.voxels)
                    if arbitrary_unit or not self.settings.target_normalisation.keeps_unit:
                        upper.append(upper_percentiles(pair.target))
        names = {f"{role}_normalisation": some for role, some in voxels.items() if some}
        fitted = {name: getattr(self.settings, name).fit(some) for name, some in names.items()}
        typical = tuple(np.median(np.array(upper), axis=0).tolist()) if upper else ()
        return replace(self, settings=replace(self.settings, **fitted), target_percentiles=typical)

    def prepare_source(
        self,
        volume: Volume,
        mask: Volume | None = None,
        *,
        margin: bool = False,
        body: np.ndarray | None = None,
        target: Volume | None = None,
        left_out: Volume | None = None,
    ) -> Prepared:
        """Prepare a source. Its `body` (i, j, k), found unless given, counts; or `mask`, a volume on the same grid.

        With `margin` the voxels some millimetres around count too (masks.MARGIN_MM); where `target`, of a training
        pair, is padded, none counts, and none of the mask `left_out`. Raises EmptyMask, GridMismatch, InputRefused.
        """
        body = self.body_mask(volume) if body is None else body
        counted = self._counted(volume, body, mask, margin)
        counted = counted if target is None else self._without_padding(counted, target)
        counted = counted if left_out is None else _without_mask(counted, left_out, volume)
        without_air = _without(self._air(volume, body), volume)
        return self._prepare(without_air, body, counted, self.settings.source_normalisation, volume)

    def normalised_source(self, volume: Volume) -> np.ndarray:
        """The normalised source (channel, i, j, k) on its own grid. Raises EmptyMask, InputRefused."""
        normaliser, body = self.settings.source_normalisation, self.body_mask(volume)
        shifted = volume.voxels - self._air(volume, body)[:, None, None, None]
        return np.stack([normaliser.normalise(voxels, body)[0] for voxels in normaliser.split(shifted)])

    def prepare_target(
        self, volume: Volume, mask: Volume | None = None, *, body: np.ndarray | None = None, margin: bool = False
    ) -> Prepared:
        """Prepare a target likewise, with the `body` of its source; without one, the body is found in the target."""
        unpadded = padding_as_air(volume, self.target_modality)
        body = self.body_mask(unpadded, modality=self.target_modality) if body is None else body
        counted = self._without_padding(self._counted(volume, body, mask, margin), volume)
        body = self._without_padding(body, volume)
        return self._prepare(unpadded, body, counted, self.settings.target_normalisation, volume)

    def restore(self, voxels: np.ndarray, like: Prepared) -> Volume:
        """Normalised target voxels (channel, i, j, k) on the grid of `like` → the original grid, in the target's unit.

        Voxels that are not finite become air.
        """
        normaliser = self.settings.target_normalisation
        air = float(normaliser.restore(np.array([normaliser.background], np.float32))[0])

        def finite(block: np.ndarray) -> np.ndarray:
            return np.nan_to_num(normaliser.restore(block), nan=air)

        if self.settings.spacing is None:  # Nothing is interpolated: the axes are turned first, and not copied.
            restored = elementwise(finite, like.undo(voxels, air), np.float32)
        else:
            restored = like.undo(elementwise(finite, voxels, np.float32), air)
        return like.original.like(np.ascontiguousarray(normaliser.merge(restored)))

    def in_written_unit(self, target: Volume) -> Volume:
        """A real target on the scale that translations are written in: times one factor, by its own 99.5th percentile.

        Values with a unit, such as HU, are not changed, and of a label map only the labels that the model knows stay.
        See docs/decisions/0005. Raises UsageError before `fit`.
        """
        normaliser = self.settings.target_normalisation
        if self.target_modality == "labels":
            return target.like(normaliser.merge(normaliser.split(target.voxels)))
        if self.has_unit:
            return target
        if not self.target_percentiles:
            raise UsageError("preparation", "the scale of the targets was not fitted", AGAIN)
        return scaled(target, upper_percentiles(target), self.target_percentiles)

    def task(self, source_channels: int, target_channels: int) -> Task:
        """The task of a method; neighbouring slices count as channels."""
        slices = self.settings.slices if self.settings.spatial_dims == 2 else 1
        return Task(
            spatial_dims=self.settings.spatial_dims,
            source_channels=source_channels * slices,
            target_channels=target_channels,
            conditions=len(self.settings.conditions),
            size=self.settings.patch,
        )

    def conditions(self, values: Mapping[str, float], where: str) -> tuple[float, ...]:
        """The values that the model takes, in its order. Raises UsageError, naming the one that is missing."""
        missing = [name for name in self.settings.conditions if name not in values]
        if missing:
            given = ", ".join(values) or "none"
            what = f"the condition {missing[0]} is missing, which the model needs"
            raise UsageError(where, what, f"give it in the table or by --condition; given: {given}")
        return tuple(values[name] for name in self.settings.conditions)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: the settings, and both modalities."""
        modalities = {"source_modality": self.source_modality, "target_modality": self.target_modality}
        return {**self.settings.to_dict(), **modalities, "target_percentiles": list(self.target_percentiles)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises UsageError."""
        settings, modalities = dict(values), []
        for name in ("source_modality", "target_modality"):
            if name not in settings:
                raise UsageError("preparation", f"{name} is missing, so that the unit of the images is unknown", AGAIN)
            modalities.append(settings.pop(name))
        percentiles = tuple(map(float, settings.pop("target_percentiles", ())))
        if not all(0 < value < np.inf for value in percentiles):
            what = f"target_percentiles are {list(percentiles)}, which is no scale"
            raise UsageError("preparation", what, "copy the model again")
        return cls(PreparingSettings.from_dict(settings, "preparation"), modalities[0], modalities[1], percentiles)

    def body_mask(
        self, volume: Volume, mask: Volume | None = None, *, modality: ModalityName | None = None
    ) -> np.ndarray:
        """True in the body (i, j, k): `mask`, or as found in the volume of that modality (default: the source's).

        Raises EmptyMask, GridMismatch.
        """
        if mask is not None:
            if not volume.shares_grid_with(mask):
                what = f"lies on another grid: {mask.shape}, not {volume.shape}"
                raise GridMismatch("mask", what, "resample it to the grid of the volume first")
            body = mask.voxels[0] > 0
        else:
            is_ct = (modality or self.source_modality) == "CT"
            body = BODY_MASKS[self.settings.body_mask](volume.voxels[0], volume.spacing, is_ct)
        if not body.any():
            what = "no voxel of the body was found, so that nothing can be normalised or scored"
            raise EmptyMask("body", what, "give a mask, or set preparing.body_mask: none")
        return body

    def _air(self, source: Volume, body: np.ndarray) -> np.ndarray:
        """The value of air in each channel of an MR source; 0 where values have a unit or a scale that was set."""
        if self.source_modality != "MR" or self.settings.source_normalisation.keeps_unit:
            return np.zeros(source.channels)
        return np.array([air_level(channel, body) for channel in source.voxels])

    def _counted(self, volume: Volume, body: np.ndarray, mask: Volume | None, margin: bool) -> np.ndarray:
        counted = body if mask is None else self.body_mask(volume, mask)
        return dilated(counted, volume.spacing) if margin and self.settings.body_mask == "otsu" else counted

    def _without_padding(self, mask: np.ndarray, target: Volume) -> np.ndarray:
        """The voxels of a mask (i, j, k) where a target is not padded. Raises EmptyMask."""
        left, findings = without_padding(target, mask, self.target_modality, "mask")
        if findings and not left.any():
            raise EmptyMask("mask", findings[0].what, findings[0].advice)
        return left

    def _prepare(
        self, volume: Volume, body: np.ndarray, counted: np.ndarray, normaliser: Normaliser, original: Volume
    ) -> Prepared:
        orientation, spacing = self.settings.orientation, self.settings.spacing
        parts = [normaliser.normalise(voxels, body) for voxels in normaliser.split(volume.voxels)]
        del volume  # Of a source without its air this is a copy, as large as the normalised voxels.
        background = float(np.mean([normaliser.air(undo) for _, undo in parts]))
        normalised = Volume(_stacked([voxels for voxels, _ in parts]), original.affine)
        order = ORDERS[self.settings.interpolation]
        grid, undo = to_grid(normalised, orientation=orientation, spacing=spacing, order=order, background=background)
        mask, _ = to_grid(Volume(counted[None], original.affine), orientation=orientation, spacing=spacing, order=0)
        if not mask.voxels.any():
            what = "has no voxel left at preparing.spacing, so that nothing can be trained or scored"
            raise EmptyMask("mask", what, "set a finer spacing")
        inside = mask.voxels[0].astype(bool, copy=False)
        return Prepared(grid.voxels, inside, grid.affine, original, undo, background)


def _without(air: np.ndarray, volume: Volume) -> Volume:
    """The volume in which the value of air is 0 in each channel; itself where it is 0 already."""
    if not air.any():
        return volume
    # Small integers stay integers where nothing is rounded: half the memory of 64 bits, and equal percentiles.
    exact = volume.voxels.dtype.kind in "iu" and volume.voxels.dtype.itemsize <= 2 and not (air % 1).any()
    kind = np.int32 if exact else np.float64
    channels = zip(volume.voxels, air, strict=True)
    return volume.like(_stacked([elementwise(partial(np.add, -level), one, kind) for one, level in channels]))


def _without_mask(counted: np.ndarray, left_out: Volume, volume: Volume) -> np.ndarray:
    """The voxels of `counted` outside of another mask. Raises GridMismatch, EmptyMask."""
    if not left_out.shares_grid_with(volume):
        what = f"lies on another grid: {left_out.shape}, not {volume.shape}"
        raise GridMismatch("change mask", what, "resample it to the grid of the source first")
    if not (left := counted & ~(left_out.voxels[0] > 0)).any():
        raise EmptyMask("change mask", "covers the whole body, so that nothing is left to train with", "correct it")
    return np.asarray(left)


def _stacked(channels: Sequence[np.ndarray]) -> np.ndarray:
    """(channel, i, j, k); of a single channel no copy is made."""
    return channels[0][None] if len(channels) == 1 else np.stack(channels)


def _subset(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every n-th value, as an image whose every voxel is body."""
    subset = values[:: max(len(values) // MAX_FIT_VOXELS, 1)]
    return subset, np.ones(subset.shape, bool)
