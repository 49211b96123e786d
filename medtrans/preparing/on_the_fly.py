"""Training volumes made on the fly: a few at a time, each of them for several items, then replaced by new ones.

Each draw is a function of (seed, number), so that a training can be resumed anywhere, with any number of workers.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np

from medtrans.preparing.null_space import MadeBy
from medtrans.preparing.pairing import Paired, PreparedVolume
from medtrans.preparing.preparation import Prepared

LIVE = 4
"""Volumes that the items of a batch are taken from in turn."""
SETS = 2
"""Such sets, one for every other batch, so that two workers need not make the same volumes."""


class Made(NamedTuple):
    """The index of a case, its new source, and its new target; None where the target stays."""

    case: int
    source: PreparedVolume
    target: PreparedVolume | None = None


@dataclass(frozen=True, eq=False)
class MadeVolume:
    """A prepared volume in memory, without the volume that it was prepared from."""

    voxels: np.ndarray
    mask: np.ndarray
    affine: np.ndarray
    background: float
    made_by: MadeBy | None = None
    """Where training needs the null-space part of its items."""

    @classmethod
    def of(cls, prepared: Prepared, made_by: MadeBy | None = None) -> MadeVolume:
        """What of a prepared volume a training needs."""
        return cls(prepared.voxels, prepared.mask, prepared.affine, prepared.background, made_by)


@dataclass(frozen=True, eq=False)
class OnTheFly(Paired):
    """`sources` and `targets` are made once: they say where the body is."""

    items_per_draw: int = field(default=1, kw_only=True)
    batch: int = field(default=1, kw_only=True)
    """Items of a training step."""
    kept: dict[tuple[int, int], tuple[int, Made]] = field(default_factory=dict, init=False, repr=False)
    """By set and place in it: the number of the draw, and what was made."""

    stream: ClassVar[int] = 2
    """Keeps these random numbers apart from those of the items."""

    @abstractmethod
    def make(self, key: tuple[int, ...], draw: int) -> Made:
        """What is made by draw number `draw` of the random numbers of `key`."""

    def draw_source(self, rng: np.random.Generator, seed: int, number: int) -> tuple[int, PreparedVolume]:
        made = self._made(seed, number)
        return made.case, made.source

    def target(self, index: int, seed: int, number: int) -> PreparedVolume:
        made = self._made(seed, number).target
        return super().target(index, seed, number) if made is None else made

    def generator(self, key: tuple[int, ...], draw: int) -> np.random.Generator:
        """The random numbers of a draw."""
        return np.random.default_rng([*key, draw, self.stream])

    def _made(self, seed: int, number: int) -> Made:
        step, within = divmod(number, self.batch)
        place, turn = (step % SETS, within % LIVE), step // SETS * math.ceil(self.batch / LIVE) + within // LIVE
        # The volumes of a set are replaced one after the other, not all at once.
        draw = (turn + place[1] * self.items_per_draw // LIVE) // self.items_per_draw
        if place not in self.kept or self.kept[place][0] != draw:
            self.kept[place] = draw, self.make((seed, *place), draw)
        return self.kept[place][1]
