"""A volume prepared for a network, and what the network makes brought back to the volume's own grid and unit.

A mask says which voxels count. It never decides intensities: these are measured in the body found in the volumes, so
that a source is normalised alike with a mask, as in training, and without, as when it is translated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge

from medtrans.core.case import Pair
from medtrans.core.errors import EmptyMask, GridMismatch, UsageError
from medtrans.core.method import Task
from medtrans.core.settings import Settings
from medtrans.core.volume import Volume
from medtrans.preparing.augmentation import Augment
from medtrans.preparing.geometry import Undo, to_grid
from medtrans.preparing.masks import body_mask, nonzero_mask
from medtrans.preparing.normalisation import AnyNormaliser, Linear, Percentiles

FIT_VOXELS = 200_000
"""Voxels of each training image that the intensities are learned from."""


@dataclass(frozen=True, kw_only=True)
class PreparingSettings(Settings):
    orientation: str = "RAS"
    """The orientation that networks see. In 2D, and with augment.flip, RAS or a flip of it such as LPS."""
    spacing: tuple[float, float, float] | None = None
    """Millimetres along i, j, k that networks see; none keeps each volume's own."""
    source: AnyNormaliser = Percentiles()
    """How sources are normalised."""
    target: AnyNormaliser = Linear()
    """How targets are normalised, and in which unit translations are written."""
    spatial_dims: Literal[2, 3] = 2
    """2 translates slice by slice, 3 block by block."""
    plane: Literal["axial", "coronal", "sagittal"] = "axial"
    """Which slices, in 2D."""
    stack: Annotated[int, Ge(1)] = 5
    """How many neighbouring slices of the source are seen at once, in 2D; odd."""
    patch: tuple[int, ...] = ()
    """Size of what is cut out for training, in voxels; none takes whole slices, or whole volumes. In 3D that of
    windows too (translating.window)."""
    body: Literal["otsu", "nonzero", "none"] = "otsu"
    """How the body is found in a source: otsu for heads with air around, nonzero for images without background."""
    augment: Augment = Augment()
    """How training pairs are varied."""
    conditions: tuple[str, ...] = ()
    """Columns of reading.table that the model is told, in this order: numbers such as a slice thickness."""

    def __post_init__(self) -> None:
        in_order = all(letter in "RLAPSI"[2 * axis : 2 * axis + 2] for axis, letter in enumerate(self.orientation[:3]))
        if not in_order and (self.spatial_dims == 2 or self.augment.flip):
            what = f"{self.orientation!r} has its axes in another order than RAS; planes and augment.flip count on it"
            raise UsageError("preparing.orientation", what, "write RAS or a flip of it such as LPS")
        if self.stack % 2 == 0:
            advice = f"set {self.stack - 1} or {self.stack + 1}"
            raise UsageError("preparing.stack", f"{self.stack} slices have no middle one", advice)
        if self.patch and (len(self.patch) != self.spatial_dims or min(self.patch) < 1):
            what = f"{list(self.patch)} is no size in {self.spatial_dims}D"
            raise UsageError("preparing.patch", what, f"give {self.spatial_dims} numbers of voxels")
        if self.spacing and not min(self.spacing) > 0:
            raise UsageError("preparing.spacing", f"{list(self.spacing)} are no distances", "give three millimetres")


@dataclass(frozen=True, eq=False)
class Prepared:
    """Normalised voxels (channel, i, j, k) on the networks' grid, where the body is, and the volume it came from."""

    voxels: np.ndarray
    within: np.ndarray
    affine: np.ndarray
    original: Volume
    undo: Undo = field(repr=False)
    background: float = -1.0
    """The normalised value of air in this volume; of several channels, where these differ, the mean."""


@dataclass(frozen=True)
class Preparation:
    """Applies PreparingSettings. Frozen: `fit` returns a copy that has learned from training pairs."""

    settings: PreparingSettings

    def fit(self, pairs: Iterable[Pair]) -> Self:
        """Learn the intensities of sources and targets; unpaired cases teach the side they have."""
        seen: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"source": [], "target": []}
        for pair in pairs:
            body = self.body(pair.source)
            # A case of targets only comes with its target as the source, for a Pair has a source.
            lone = bool(pair.case.targets) and not pair.case.sources
            for role, volume in (("source", None if lone else pair.source), ("target", pair.target)):
                if volume is not None:
                    seen[role] += [_some(voxels[body]) for voxels in volume.voxels]
        learned = {role: getattr(self.settings, role).fit(found) for role, found in seen.items() if found}
        return replace(self, settings=replace(self.settings, **learned))

    def source(self, volume: Volume, mask: Volume | None = None) -> Prepared:
        """Prepare a source; `mask`, on the same grid, says which voxels count instead of the body found in the volume.

        Raises EmptyMask, GridMismatch, InputRefused.
        """
        return self._prepare(volume, self.body(volume), mask, self.settings.source)

    def target(self, volume: Volume, mask: Volume | None = None, *, like: Volume | None = None) -> Prepared:
        """Prepare a target likewise; its body is found in `like`, the source of the pair, or in itself."""
        return self._prepare(volume, self.body(like or volume), mask, self.settings.target)

    def restore(self, voxels: np.ndarray, like: Prepared) -> Volume:
        """Normalised target voxels (channel, i, j, k) on the grid of `like` → its first grid, in the target's unit."""
        target = self.settings.target
        air = float(target.restore(np.array([target.background], np.float32))[0])
        measured = np.nan_to_num(target.restore(voxels), nan=air)
        return like.original.like(np.ascontiguousarray(target.merge(like.undo(measured, air))))

    def as_written(self, target: Volume, like: Volume) -> Volume:
        """A real target in the unit translations are written in, by its own intensities within the body of `like`.

        For HU nothing changes. See docs/decisions/0005.
        """
        intensities = self.settings.target
        if intensities.unit == "HU":
            return target
        body = self.body(like)
        channels = intensities.split(target.voxels)
        parts = [intensities.restore(intensities.normalise(voxels, body)[0]) for voxels in channels]
        return target.like(intensities.merge(np.stack(parts)))

    def task(self, source_channels: int, target_channels: int) -> Task:
        """What a method is asked for; a stack of slices counts as channels."""
        stack = self.settings.stack if self.settings.spatial_dims == 2 else 1
        return Task(
            spatial_dims=self.settings.spatial_dims,
            source_channels=source_channels * stack,
            target_channels=target_channels,
            conditions=len(self.settings.conditions),
            size=self.settings.patch,
        )

    def condition(self, known: Mapping[str, float], where: str) -> tuple[float, ...]:
        """What the model is told of a case, out of all that is known of it. Raises UsageError, naming what is not."""
        missing = [name for name in self.settings.conditions if name not in known]
        if missing:
            told = ", ".join(known) or "nothing"
            raise UsageError(where, f"{missing[0]} is not known, the model wants it", f"known are: {told}")
        return tuple(known[name] for name in self.settings.conditions)

    def to_dict(self) -> dict[str, Any]:
        return self.settings.to_dict()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(PreparingSettings.from_dict(values, "preparation"))

    def body(self, volume: Volume, mask: Volume | None = None) -> np.ndarray:
        """Where the body is (i, j, k): `mask`, or as the settings find it in the volume. Raises EmptyMask."""
        if mask is not None:
            if not volume.shares_grid_with(mask):
                raise GridMismatch(
                    "mask", f"lies on another grid: {mask.shape}, not {volume.shape}", "resample it first"
                )
            body = mask.voxels[0] > 0
        else:
            find: Callable[[np.ndarray], np.ndarray] = {
                "otsu": body_mask, "nonzero": nonzero_mask, "none": lambda voxels: np.ones(voxels.shape, bool)
            }[self.settings.body]  # fmt: skip
            body = find(volume.voxels[0])
        if not body.any():
            raise EmptyMask("body", "not one voxel of it was found", "give a mask, or set preparing.body: none")
        return body

    def _prepare(self, volume: Volume, body: np.ndarray, mask: Volume | None, intensities: AnyNormaliser) -> Prepared:
        asked, counted = self.settings, body if mask is None else self.body(volume, mask)
        parts = [intensities.normalise(voxels, body) for voxels in intensities.split(volume.voxels)]
        background = float(np.mean([intensities.air(undo) for _, undo in parts]))
        normalised = Volume(np.stack([voxels for voxels, _ in parts]), volume.affine)
        grid, undo = to_grid(normalised, orientation=asked.orientation, spacing=asked.spacing, background=background)
        within, _ = to_grid(
            Volume(counted[None], volume.affine), orientation=asked.orientation, spacing=asked.spacing, order=0
        )
        if not within.voxels.any():
            raise EmptyMask("mask", "holds no voxel at preparing.spacing", "set a finer spacing")
        return Prepared(grid.voxels, within.voxels[0] > 0, grid.affine, volume, undo, background)


def _some(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Evenly picked values, as a measured image whose every voxel is body."""
    some = values[:: max(len(values) // FIT_VOXELS, 1)]
    return some, np.ones(some.shape, bool)


def assert_known_conditions(known: Iterable[str], preparations: Iterable[Preparation]) -> None:
    """Raises UsageError where a condition was typed that none of the models takes."""
    wanted = sorted({name for preparation in preparations for name in preparation.settings.conditions})
    for name in known:
        if name not in wanted:
            takes = f"it wants {', '.join(wanted)}" if wanted else "leave it out, it wants none"
            raise UsageError(f"--known {name}", "is nothing that the model wants to be told", takes)
