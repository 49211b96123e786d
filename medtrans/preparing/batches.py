"""Prepared volumes → training items → batches.

Item n is drawn by `default_rng([seed, n])` and nothing else, and batch s holds the items sB … sB + B - 1. So there is
no state but the number of the step: training goes on anywhere, with any number of workers, on any number of machines.
All items of one Draws have one size. Every body voxel is met equally often: patches are centred on random body voxels,
whole slices are drawn evenly from those that hold body.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from medtrans.core.errors import GridMismatch, UsageError
from medtrans.core.method import Batch
from medtrans.preparing.appearances import alter
from medtrans.preparing.deformations import Mode, moves, places, sample
from medtrans.preparing.patches import PLANES, centred_start, crop, draw_index, draw_start, slice_stack
from medtrans.preparing.preparation import PreparingSettings


class Normalised(Protocol):
    """A prepared volume, in memory (Prepared) or on disk (Stored)."""

    @property
    def voxels(self) -> np.ndarray: ...
    @property
    def within(self) -> np.ndarray: ...
    @property
    def affine(self) -> np.ndarray: ...
    @property
    def background(self) -> float: ...


class Item(NamedTuple):
    """Float32 (channel, *size); the mask (1, *size) is 1 in the source's body; the condition (conditions,).

    `seed` decides what a method draws for the item.
    """

    source: np.ndarray
    target: np.ndarray
    mask: np.ndarray
    condition: np.ndarray
    seed: int


@dataclass(frozen=True)
class PatchLocation:
    """Where an item comes from: its slice (in 2D), its first voxel, whether left and right are mirrored."""

    index: int | None
    start: tuple[int, ...]
    flip: bool
    places: np.ndarray | None
    """Where each voxel of an item comes from that is not only cut out and mirrored; see `deformations`."""


@dataclass(frozen=True, eq=False)
class PatchDataset(Dataset[Item]):
    """An endless map from the number of an item to the item. `divisor` divides each side of an item."""

    sources: Sequence[Normalised]
    targets: Sequence[Normalised]
    settings: PreparingSettings
    paired: bool = True
    seed: int = 0
    divisor: int | tuple[int, ...] = 1
    conditions: Sequence[Sequence[float]] = ()
    """Of each source's case, in the order of preparing.conditions; none where nothing is told."""
    counts: dict[tuple[str, int], np.ndarray] = field(default_factory=dict, init=False, repr=False)
    """How likely each slice is, by side and case; found when first needed."""

    def __getitem__(self, number: int) -> Item:
        dice = np.random.default_rng([self.seed, number])
        case = int(dice.integers(len(self.sources)))
        source, cut = self.sources[case], self._cut(dice, "source", case)
        if self.paired:
            target, other = self.targets[case], cut
        else:
            partner = int(dice.integers(len(self.targets)))
            target, other = self.targets[partner], self._cut(dice, "target", partner)
        seen = self._take(source.voxels, cut, source.background, self.settings.stack)
        seen = alter(seen, self.settings.augment.draw_look(dice), self._spacing(source), source.background)
        mask = self._take(source.within[None], cut, 0.0, 1, "nearest")
        condition = np.array(self.conditions[case] if self.conditions else (), np.float32)
        seed = int(np.random.SeedSequence([self.seed, number, 1]).generate_state(1)[0])
        return Item(seen, self._take(target.voxels, other, target.background, 1), mask, condition, seed)

    @property
    def axis(self) -> int | None:
        """Across the slices; None in 3D."""
        return PLANES[self.settings.plane] if self.settings.spatial_dims == 2 else None

    @property
    def channels(self) -> tuple[int, int]:
        """Of source and target volumes; a stack of slices is not counted."""
        return len(self.sources[0].voxels), len(self.targets[0].voxels)

    @cached_property
    def size(self) -> tuple[int, ...]:
        """Of every item: the patch, no larger than the largest volume or slice, rounded up to the divisor."""
        shapes = [volume.within.shape for volume in (*self.sources, *self.targets)]
        largest = [max(sides) for axis, sides in enumerate(zip(*shapes, strict=True)) if axis != self.axis]
        patch = self.settings.patch or largest
        wanted = [min(sides) for sides in zip(patch, largest, strict=True)]
        divisors = self.divisor if isinstance(self.divisor, tuple) else (self.divisor,) * len(wanted)
        return tuple(math.ceil(side / divisor) * divisor for side, divisor in zip(wanted, divisors, strict=True))

    def _cut(self, dice: np.random.Generator, side: str, case: int) -> PatchLocation:
        volume = (self.sources if side == "source" else self.targets)[case]
        within = volume.within if self.axis is None else np.moveaxis(volume.within, self.axis, 0)
        index = None
        if self.axis is not None:
            index = draw_index(dice, self._weights(side, case))
            within = within[index]
        if self.settings.patch:
            counts = self._weights(side, case) if index is None else None
            start = draw_start(dice, within, self.size, counts=counts)
        else:
            start = tuple(centred_start(side, width) for side, width in zip(within.shape, self.size, strict=True))
        drawn = self.settings.augment.draw_place(dice, self.settings.spatial_dims)
        moved = places(drawn, start, self.size, self._spacing(volume)) if moves(drawn) else None
        return PatchLocation(index, start, drawn.get("flip", False), moved)

    def _weights(self, side: str, case: int) -> np.ndarray:
        """How likely each slice (in 3D: each index of the first axis) is to be drawn, as whole numbers."""
        if (side, case) not in self.counts:
            within = (self.sources if side == "source" else self.targets)[case].within
            counts = np.count_nonzero(np.moveaxis(within, self.axis or 0, 0), axis=(1, 2))
            self.counts[side, case] = counts if self.settings.patch else (counts > 0).astype(int)
        return self.counts[side, case]

    def _take(
        self, voxels: np.ndarray, cut: PatchLocation, background: float, stack: int, mode: Mode = "bilinear"
    ) -> np.ndarray:
        """The item (channel times stack, *size) of `voxels` (channel, i, j, k)."""
        if self.axis is not None and cut.index is not None:
            voxels = slice_stack(voxels, self.axis, cut.index, stack)
            if cut.flip and self.axis == 0:
                voxels = voxels.reshape(-1, stack, *voxels.shape[1:])[:, ::-1].reshape(voxels.shape)
        if cut.places is None:
            out = crop(voxels, cut.start, self.size, background).astype(np.float32, copy=False)
        else:
            out = sample(voxels, cut.places, background, mode)
        return np.ascontiguousarray(out[:, ::-1]) if cut.flip and self.axis != 0 else out

    def _spacing(self, volume: Normalised) -> list[float]:
        """Millimetres along the axes of an item."""
        spacing = np.linalg.norm(volume.affine[:3, :3], axis=0).tolist()
        return [distance for axis, distance in enumerate(spacing) if axis != self.axis]


def paired_patches(
    pairs: Sequence[tuple[Normalised, Normalised]],
    settings: PreparingSettings,
    *,
    seed: int = 0,
    divisor: int | tuple[int, ...] = 1,
    conditions: Sequence[Sequence[float]] = (),
) -> PatchDataset:
    """Items of source and target of one case at one place. Raises GridMismatch, UsageError."""
    for number, (source, target) in enumerate(pairs):
        if source.within.shape != target.within.shape:
            what = f"source {source.within.shape} and target {target.within.shape} differ"
            raise GridMismatch(f"pair {number}", what, "register them first")
    _refuse_nothing(pairs)
    sides = [source for source, _ in pairs], [target for _, target in pairs]
    return PatchDataset(*sides, settings, True, seed, divisor, conditions)


def unpaired_patches(
    sources: Sequence[Normalised],
    targets: Sequence[Normalised],
    settings: PreparingSettings,
    *,
    seed: int = 0,
    divisor: int | tuple[int, ...] = 1,
    conditions: Sequence[Sequence[float]] = (),
) -> PatchDataset:
    """Items whose source and target are drawn independently: other cases, other places. Raises UsageError."""
    _refuse_nothing(sources)
    _refuse_nothing(targets)
    return PatchDataset(sources, targets, settings, False, seed, divisor, conditions)


def loader(
    draws: PatchDataset, *, batch: int, first_step: int, last_step: int, rank: int = 0, world: int = 1, workers: int = 0
) -> Iterator[Batch]:
    """The batches of steps first_step … last_step - 1; of each, the items n with n % world == rank.

    `workers` processes prepare them ahead; the batches are the same. Raises UsageError.
    """
    if batch % world:
        advice = f"set a multiple of {world}"
        raise UsageError("training.batch", f"{batch} items cannot be shared by {world} processes evenly", advice)
    steps = (list(range(step * batch + rank, (step + 1) * batch, world)) for step in range(first_step, last_step))
    if not workers:
        return (_batch(draws[number] for number in items) for items in steps)
    # Its own generator: otherwise the loader would take a number from the global one.
    own = torch.Generator()
    return iter(DataLoader(draws, batch_sampler=steps, num_workers=workers, collate_fn=_batch, generator=own))


def _refuse_nothing(cases: Sequence[object]) -> None:
    if not cases:
        raise UsageError("training cases", "there are none", "check reading.source, reading.target and the split")


def _batch(items: Iterable[Item]) -> Batch:
    columns = [torch.from_numpy(np.stack(column)) for column in zip(*items, strict=True)]
    source, target, mask, condition, seeds = columns
    return Batch(source, target, mask, condition if condition.shape[1] else None, seeds)
