"""Pairing: which target belongs to which source in the training data. A method only declares which one it needs.

paired      source and target of one case on one grid: cut out at one place
unpaired    sources and targets without correspondence: drawn independently
alone       images without partners: each is its own target
degraded    sources made from targets on the fly: `degrading`
follow-up   paired (or unpaired) visits of one person, made into cases while they are read: `reading/visits`
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from medtrans.core.errors import GridMismatch, UsageError


class PreparedVolume(Protocol):
    """A prepared volume, in memory (Prepared) or on disk (CachedVolume)."""

    @property
    def voxels(self) -> np.ndarray: ...
    @property
    def mask(self) -> np.ndarray: ...
    @property
    def affine(self) -> np.ndarray: ...
    @property
    def background(self) -> float: ...


@dataclass(frozen=True, eq=False)
class TrainingData(ABC):
    """Prepared sources and targets of the training cases. Raises UsageError where there are none."""

    sources: Sequence[PreparedVolume]
    targets: Sequence[PreparedVolume]

    aligned: ClassVar[bool]
    """Whether source and target of an item are cut out at the same place."""

    def __post_init__(self) -> None:
        if not self.sources or not self.targets:
            side = "sources" if not self.sources else "targets"
            raise UsageError("training cases", f"there are no {side}", "check reading.source, reading.target and split")

    def draw_source(self, rng: np.random.Generator, seed: int, number: int) -> tuple[int, PreparedVolume]:
        """Index of the case of an item, and its source; `seed` and `number` are those of the item."""
        case = int(rng.integers(len(self.sources)))
        return case, self.sources[case]

    def target(self, index: int, seed: int, number: int) -> PreparedVolume:
        """The target of that index, for the item of that seed and number."""
        return self.targets[index]

    @abstractmethod
    def draw_target(self, rng: np.random.Generator, source: int) -> int:
        """Index of the target for the source of that index."""


@dataclass(frozen=True, eq=False)
class Paired(TrainingData):
    """Source and target of one index belong to one case. Raises GridMismatch where they lie on different grids."""

    aligned: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for number, (source, target) in enumerate(zip(self.sources, self.targets, strict=True)):
            if source.mask.shape != target.mask.shape:
                what = f"source has {source.mask.shape} voxels, target {target.mask.shape}"
                raise GridMismatch(f"pair {number}", what, "register them first")

    def draw_target(self, rng: np.random.Generator, source: int) -> int:
        return source


@dataclass(frozen=True, eq=False)
class Unpaired(TrainingData):
    """Any target may come with any source."""

    aligned: ClassVar[bool] = False

    def draw_target(self, rng: np.random.Generator, source: int) -> int:
        return int(rng.integers(len(self.targets)))


@dataclass(frozen=True, eq=False)
class Alone(Paired):
    """Each image is source and target: `sources` and `targets` hold the same images."""


PAIRINGS: Mapping[str, type[TrainingData]] = {"paired": Paired, "unpaired": Unpaired, "alone": Alone}
"""By the name that a method declares."""
