"""Preparation: from a volume to what networks get, and from what they predict back to the volume's own grid and unit.

A mask says which voxels count. It never changes intensities: these are measured in the body found in the volumes, so
that a source is normalised alike with a mask, as in training, and without, as in translation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from medtrans.core.case import Pair
from medtrans.core.errors import EmptyMask, GridMismatch, UsageError
from medtrans.core.method import Task
from medtrans.core.modality import Modality, ModalityName, find_modality
from medtrans.core.volume import Volume
from medtrans.preparing.geometry import Undo, to_grid
from medtrans.preparing.masks import BODY_MASKS
from medtrans.preparing.normalisation import Normaliser
from medtrans.preparing.settings import PreparingSettings

MAX_FIT_VOXELS = 200_000
"""Largest number of voxels of a training image that normalisation is fitted to."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Normalised voxels (channel, i, j, k) on the networks' grid, the mask (i, j, k), and the volume they are from."""

    voxels: np.ndarray
    mask: np.ndarray
    affine: np.ndarray
    original: Volume
    undo: Undo = field(repr=False)
    background: float = -1.0
    """The normalised value of air in this volume; the mean over its channels."""


@dataclass(frozen=True)
class Preparation:
    """PreparingSettings for two modalities. Frozen: `fit` returns a copy fitted to training pairs.

    Raises UsageError where a normalisation does not suit the modality.
    """

    settings: PreparingSettings
    source_modality: ModalityName = "MR"
    target_modality: ModalityName = "CT"

    def __post_init__(self) -> None:
        settings = self.settings.for_modalities(find_modality(self.source_modality), self.modality)
        object.__setattr__(self, "settings", settings)

    @property
    def modality(self) -> Modality:
        """Of the targets: it decides the unit, the value of air and the data type of what is written."""
        return find_modality(self.target_modality)

    def fit(self, pairs: Iterable[Pair]) -> Self:
        """Fit the normalisation of sources and targets; a case of one side is used for that side."""
        voxels: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"source": [], "target": []}
        for pair in pairs:
            body = self.body_mask(pair.source)
            # The pair of a case without sources has its target as source, for a Pair has a source.
            target_only = bool(pair.case.targets) and not pair.case.sources
            for role, volume in (("source", None if target_only else pair.source), ("target", pair.target)):
                if volume is not None:
                    voxels[role] += [_subset(channel[body]) for channel in volume.voxels]
        names = {f"{role}_normalisation": some for role, some in voxels.items() if some}
        fitted = {name: getattr(self.settings, name).fit(some) for name, some in names.items()}
        return replace(self, settings=replace(self.settings, **fitted))

    def prepare_source(self, volume: Volume, mask: Volume | None = None) -> Prepared:
        """Prepare a source; `mask`, on the same grid, says which voxels count instead of the body found in the volume.

        Raises EmptyMask, GridMismatch, InputRefused.
        """
        return self._prepare(volume, self.body_mask(volume), mask, self.settings.source_normalisation)

    def prepare_target(self, volume: Volume, mask: Volume | None = None, *, like: Volume | None = None) -> Prepared:
        """Prepare a target likewise; its body is found in `like`, the source of the pair, or in itself."""
        return self._prepare(volume, self.body_mask(like or volume), mask, self.settings.target_normalisation)

    def restore(self, voxels: np.ndarray, like: Prepared) -> Volume:
        """Normalised target voxels (channel, i, j, k) on the grid of `like` → the original grid, in the target's unit.

        Voxels that are not finite become air.
        """
        normaliser = self.settings.target_normalisation
        air = float(normaliser.restore(np.array([normaliser.background], np.float32))[0])
        restored = np.nan_to_num(normaliser.restore(voxels), nan=air)
        return like.original.like(np.ascontiguousarray(normaliser.merge(like.undo(restored, air))))

    def in_written_unit(self, target: Volume, like: Volume) -> Volume:
        """A real target on the scale that translations are written in, by its own intensities in the body of `like`.

        Values with a unit, such as HU, are not changed. See docs/decisions/0005.
        """
        normaliser = self.settings.target_normalisation
        if normaliser.keeps_unit and self.target_modality != "labels":
            return target
        body = self.body_mask(like)
        channels = normaliser.split(target.voxels)
        parts = [normaliser.restore(normaliser.normalise(voxels, body)[0]) for voxels in channels]
        return target.like(normaliser.merge(np.stack(parts)))

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
        return {**self.settings.to_dict(), **modalities}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises UsageError."""
        settings, modalities = dict(values), []
        for name in ("source_modality", "target_modality"):
            if name not in settings:
                what = f"{name} is missing, so that the unit of the images is unknown"
                raise UsageError("preparation", what, "train the model again with this version of medtrans")
            modalities.append(settings.pop(name))
        return cls(PreparingSettings.from_dict(settings, "preparation"), *modalities)

    def body_mask(self, volume: Volume, mask: Volume | None = None) -> np.ndarray:
        """True in the body (i, j, k): `mask`, or as found in the volume. Raises EmptyMask, GridMismatch."""
        if mask is not None:
            if not volume.shares_grid_with(mask):
                what = f"lies on another grid: {mask.shape}, not {volume.shape}"
                raise GridMismatch("mask", what, "resample it to the grid of the volume first")
            body = mask.voxels[0] > 0
        else:
            body = BODY_MASKS[self.settings.body_mask](volume.voxels[0])
        if not body.any():
            what = "no voxel of the body was found, so that nothing can be normalised or scored"
            raise EmptyMask("body", what, "give a mask, or set preparing.body_mask: none")
        return body

    def _prepare(self, volume: Volume, body: np.ndarray, mask: Volume | None, normaliser: Normaliser) -> Prepared:
        orientation, spacing = self.settings.orientation, self.settings.spacing
        counted = body if mask is None else self.body_mask(volume, mask)
        parts = [normaliser.normalise(voxels, body) for voxels in normaliser.split(volume.voxels)]
        background = float(np.mean([normaliser.air(undo) for _, undo in parts]))
        normalised = Volume(np.stack([voxels for voxels, _ in parts]), volume.affine)
        grid, undo = to_grid(normalised, orientation=orientation, spacing=spacing, background=background)
        mask_volume = Volume(counted[None], volume.affine)
        resampled_mask, _ = to_grid(mask_volume, orientation=orientation, spacing=spacing, order=0)
        if not resampled_mask.voxels.any():
            what = "has no voxel left at preparing.spacing, so that nothing can be trained or scored"
            raise EmptyMask("mask", what, "set a finer spacing")
        return Prepared(grid.voxels, resampled_mask.voxels[0] > 0, grid.affine, volume, undo, background)


def _subset(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every n-th value, as an image whose every voxel is body."""
    subset = values[:: max(len(values) // MAX_FIT_VOXELS, 1)]
    return subset, np.ones(subset.shape, bool)


def assert_known_conditions(names: Iterable[str], preparations: Iterable[Preparation]) -> None:
    """Raises UsageError where a condition was given that none of the models takes."""
    taken = sorted({name for preparation in preparations for name in preparation.settings.conditions})
    for name in names:
        if name not in taken:
            models = f"this model takes {', '.join(taken)}" if taken else "this model takes none"
            raise UsageError(f"--condition {name}", "unknown condition", models)
