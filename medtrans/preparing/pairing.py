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
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Balance:
    """The class of each source and of each target, such as 1 with a tumour and 0 without.

    A class is drawn uniformly among those that both sides have, then a source and a target of it: what one side has
    more of is then not what distinguishes its images from those of the other. Raises UsageError without such a class.
    """

    sources: tuple[float, ...]
    targets: tuple[float, ...]
    shared: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shared", tuple(sorted({*self.sources} & {*self.targets})))
        if not self.shared:
            both = (", ".join(f"{one:g}" for one in sorted({*side})) for side in (self.sources, self.targets))
            what = "sources are of the classes {}, targets of {}: none in common".format(*both)
            raise UsageError("training.balance", what, "leave it out, or add cases of a class that the other side has")

    def draw_source(self, rng: np.random.Generator) -> int:
        """Index of a source."""
        return _draw(rng, self.sources, self.shared[rng.integers(len(self.shared))])

    def draw_target(self, rng: np.random.Generator, source: int) -> int:
        """Index of a target of the class of that source."""
        return _draw(rng, self.targets, self.sources[source])


def _draw(rng: np.random.Generator, classes: Sequence[float], wanted: float) -> int:
    among = [index for index, one in enumerate(classes) if one == wanted]
    return among[rng.integers(len(among))]


@dataclass(frozen=True, eq=False)
class TrainingData(ABC):
    """Prepared sources and targets of the training cases. Raises UsageError where there are none."""

    sources: Sequence[PreparedVolume]
    targets: Sequence[PreparedVolume]
    balance: Balance | None = field(default=None, kw_only=True)

    aligned: ClassVar[bool]
    """Whether source and target of an item are cut out at the same place."""

    def __post_init__(self) -> None:
        if not self.sources or not self.targets:
            side = "sources" if not self.sources else "targets"
            raise UsageError("training cases", f"there are no {side}", "check reading.source, reading.target and split")

    def draw_source(self, rng: np.random.Generator, seed: int, number: int) -> tuple[int, PreparedVolume]:
        """Index of the case of an item, and its source; `seed` and `number` are those of the item."""
        case = self.balance.draw_source(rng) if self.balance else int(rng.integers(len(self.sources)))
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
        return self.balance.draw_target(rng, source) if self.balance else int(rng.integers(len(self.targets)))


@dataclass(frozen=True, eq=False)
class Alone(Paired):
    """Each image is source and target: `sources` and `targets` hold the same images."""


PAIRINGS: Mapping[str, type[TrainingData]] = {"paired": Paired, "unpaired": Unpaired, "alone": Alone}
"""By the name that a method declares."""
