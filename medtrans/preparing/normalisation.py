"""From measured values to about [-1, 1] and back. Air is -1 (zscore, and percentiles with a lower one: where 0 lies).

`normalise` gives the inverse for that very image; `restore` writes a target that nobody has seen, in the unit that the
training targets had (see docs/decisions/0005).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self, TypeAlias

import numpy as np
from annotated_types import Ge, Le, MinLen

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.settings import Settings

Inverse = Callable[[np.ndarray], np.ndarray]
DistanceResults = tuple[np.ndarray, np.ndarray]
"""Voxels (i, j, k) and where the body is."""


@dataclass(frozen=True, kw_only=True)
class Normaliser(Settings, ABC):
    """One way to normalise. Frozen: `fit` returns a copy that has learned."""

    @property
    def unit(self) -> str:
        """What `restore` returns."""
        return "a.u."

    @property
    def background(self) -> float:
        """The normalised value of air, where nobody has measured an image: what `restore` makes air of."""
        return -1.0

    def air(self, undo: Inverse) -> float:
        """The normalised value of air in the image that `normalise` gave the inverse `undo` for."""
        return self.background

    def fit(self, volumes: Iterable[DistanceResults]) -> Self:
        """Learn what `restore` needs from training volumes."""
        return self

    def split(self, voxels: np.ndarray) -> np.ndarray:
        """(channel, i, j, k) as channels that may be interpolated and blended: as they are, unless they are labels."""
        return voxels

    def merge(self, channels: np.ndarray) -> np.ndarray:
        """The inverse."""
        return channels

    @abstractmethod
    def normalise(self, voxels: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, Inverse]:
        """float32 values, and their exact inverse. Raises InputRefused where a scale cannot be found."""

    @abstractmethod
    def restore(self, normalised: np.ndarray) -> np.ndarray:
        """Normalised values of an image nobody has measured, in the typical unit. Raises UsageError before `fit`."""


@dataclass(frozen=True, kw_only=True)
class Linear(Normaliser):
    """[low, high] → [-1, 1], the same for all images: CT."""

    name: Literal["linear"] = "linear"
    low: float = -1024.0
    """HU that becomes -1: air."""
    high: float = 3071.0
    """HU that becomes 1: the highest a 12-bit CT can say."""

    @property
    def unit(self) -> str:
        return "HU"

    def normalise(self, voxels: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, Inverse]:
        return _to_unit(voxels, self.low, self.high), self.restore

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        return _from_unit(normalised, self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class Percentiles(Normaliser):
    """Two percentiles within the body → -1 and 1, not clipped: MR. Air, which is 0 in MR, becomes -1 with lower 0."""

    name: Literal["percentiles"] = "percentiles"
    lower: Annotated[float, Ge(0), Le(50)] = 0.0
    """Percentile that becomes -1; 0 stands for the value 0, which air has in magnitude images."""
    upper: Annotated[float, Ge(50), Le(100)] = 99.5
    """Percentile that becomes 1."""
    typical: tuple[float, float] | None = None
    """Learned: the median over the training images of the two values."""

    @property
    def background(self) -> float:
        """Where 0 lies between the typical ends: -1 with lower 0."""
        return _zero(*self.typical) if self.typical else -1.0

    def air(self, undo: Inverse) -> float:
        return _zero(*undo(np.array([-1.0, 1.0])))

    def fit(self, volumes: Iterable[DistanceResults]) -> Self:
        ends = [self._ends(voxels, within) for voxels, within in volumes]
        low, high = np.median(np.array(ends), axis=0).tolist()
        return replace(self, typical=(low, high))

    def normalise(self, voxels: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, Inverse]:
        low, high = self._ends(voxels, within)
        return _to_unit(voxels, low, high), lambda normalised: _from_unit(normalised, low, high)

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        if self.typical is None:
            raise UsageError("percentiles", "have not been fitted", "fit the preparation to training cases first")
        return _typical(normalised, *self.typical)

    def _ends(self, voxels: np.ndarray, within: np.ndarray) -> tuple[float, float]:
        counted = voxels[within]
        low = float(np.percentile(counted, self.lower)) if self.lower else 0.0
        high = float(np.percentile(counted, self.upper))
        return _apart(low, high)


@dataclass(frozen=True, kw_only=True)
class ZScore(Normaliser):
    """Mean and standard deviation within the body → 0 and 1/3, so that three deviations reach 1."""

    name: Literal["zscore"] = "zscore"
    typical: tuple[float, float] | None = None
    """Learned: the median over the training images of mean and standard deviation."""

    @property
    def background(self) -> float:
        """Where 0 lies, by the typical mean and deviation: the lower, the more even the body."""
        return _zero(*self._ends(*self.typical)) if self.typical else -1.0

    def air(self, undo: Inverse) -> float:
        return _zero(*undo(np.array([-1.0, 1.0])))

    def fit(self, volumes: Iterable[DistanceResults]) -> Self:
        found = [self._moments(voxels, within) for voxels, within in volumes]
        mean, deviation = np.median(np.array(found), axis=0).tolist()
        return replace(self, typical=(mean, deviation))

    def normalise(self, voxels: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, Inverse]:
        ends = self._ends(*self._moments(voxels, within))
        return _to_unit(voxels, *ends), lambda normalised: _from_unit(normalised, *ends)

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        if self.typical is None:
            raise UsageError("zscore", "has not been fitted", "fit the preparation to training cases first")
        return _typical(normalised, *self._ends(*self.typical))

    @staticmethod
    def _ends(mean: float, deviation: float) -> tuple[float, float]:
        return mean - 3 * deviation, mean + 3 * deviation

    def _moments(self, voxels: np.ndarray, within: np.ndarray) -> tuple[float, float]:
        counted = voxels[within].astype(np.float64)
        mean, deviation = float(counted.mean()), float(counted.std())
        _apart(mean - deviation, mean + deviation)
        return mean, deviation


@dataclass(frozen=True, kw_only=True)
class Nyul(Normaliser):
    """Landmarks of the histogram (percentiles within the body) moved to where they are on average: MR.

    Piecewise linear and monotone; 0, the air of MR, is a landmark too and becomes -1.
    Nyúl and Udupa, Magn Reson Med 1999; Nyúl, Udupa and Zhang, IEEE TMI 2000, https://doi.org/10.1109/42.836373
    """

    name: Literal["nyul"] = "nyul"
    percentiles: Annotated[tuple[float, ...], MinLen(2)] = (1.0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99.0)
    """Where the landmarks are taken."""
    standard: tuple[float, ...] | None = None
    """Learned: where the landmarks go, in [-1, 1]."""
    typical: tuple[float, ...] | None = None
    """Learned: the median landmarks in measured units."""

    def fit(self, volumes: Iterable[DistanceResults]) -> Self:
        found = np.array([self._landmarks(voxels, within) for voxels, within in volumes])
        units = np.array([_to_unit(marks, marks[0], marks[-1]) for marks in found])
        return replace(
            self, standard=tuple(units.mean(axis=0).tolist()), typical=tuple(np.median(found, axis=0).tolist())
        )

    def normalise(self, voxels: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, Inverse]:
        if self.standard is None:
            raise UsageError("nyul", "has not been fitted", "fit the preparation to training cases first")
        marks = self._landmarks(voxels, within)
        forward = _piecewise(marks, np.array(self.standard))
        backward = _piecewise(np.array(self.standard), marks)
        return forward(voxels), backward

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        if self.standard is None or self.typical is None:
            raise UsageError("nyul", "has not been fitted", "fit the preparation to training cases first")
        return _piecewise(np.array(self.standard), np.array(self.typical))(normalised)

    def _landmarks(self, voxels: np.ndarray, within: np.ndarray) -> np.ndarray:
        marks = np.array([0.0, *np.percentile(voxels[within], self.percentiles)])
        _apart(float(marks[0]), float(marks[-1]))
        steps = np.maximum(np.diff(marks), 1e-6 * (marks[-1] - marks[0]))
        return np.concatenate([marks[:1], marks[0] + np.cumsum(steps)])


@dataclass(frozen=True, kw_only=True)
class Labels(Normaliser):
    """A label map: for each label a channel, 1 where it is and -1 elsewhere, a share where voxels are blended.

    What none of the channels claims is background, 0. So air is -1 here too, and labels may be resampled and deformed
    like images, without numbers in between.
    """

    name: Literal["labels"] = "labels"
    labels: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(1)] = (1,)
    """Numbers of the structures, each a channel in this order; every other number counts as background."""

    @property
    def unit(self) -> str:
        return "label"

    def split(self, voxels: np.ndarray) -> np.ndarray:
        """(1, i, j, k) → (labels, i, j, k), 1 where the label is, else 0. Raises InputRefused."""
        if len(voxels) != 1:
            raise InputRefused("labels", f"lie in {len(voxels)} channels", "give one map that holds them all")
        return np.concatenate([voxels == label for label in self.labels]).astype(np.float32)

    def merge(self, channels: np.ndarray) -> np.ndarray:
        """The label with the largest share of each voxel, in the smallest type that holds it."""
        numbers = np.array([0, *self.labels], np.min_scalar_type(max(self.labels)))
        background = 1 - channels.sum(axis=0, keepdims=True)
        return numbers[np.concatenate([background, channels]).argmax(axis=0)][None]

    def normalise(self, voxels: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, Inverse]:
        return _to_unit(voxels, 0, 1), self.restore

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        return _from_unit(normalised, 0, 1)


AnyNormaliser: TypeAlias = Linear | Percentiles | ZScore | Nyul | Labels


def _to_unit(voxels: np.ndarray, low: float, high: float) -> np.ndarray:
    return ((voxels.astype(np.float64) - low) * (2 / (high - low)) - 1).astype(np.float32)


def _from_unit(normalised: np.ndarray, low: float, high: float) -> np.ndarray:
    return ((normalised.astype(np.float64) + 1) * ((high - low) / 2) + low).astype(np.float32)


def _zero(low: float, high: float) -> float:
    """Where 0 goes when [low, high] becomes [-1, 1]."""
    return float(-2 * low / (high - low) - 1)


def _typical(normalised: np.ndarray, low: float, high: float) -> np.ndarray:
    """Back to [low, high]; air becomes 0 to the last bit."""
    return np.where(normalised == np.float32(_zero(low, high)), np.float32(0), _from_unit(normalised, low, high))


def _apart(low: float, high: float) -> tuple[float, float]:
    if not np.isfinite([low, high]).all() or high - low <= 0:
        what = f"range from {low:g} up to {high:g}, which is no range"
        raise InputRefused("intensities", what, "is the image constant or below 0, or the mask wrong?")
    return low, high


def _piecewise(x: np.ndarray, y: np.ndarray) -> Inverse:
    """The line through (x, y), going on with the slopes of its ends."""
    first, last = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])

    def line(values: np.ndarray) -> np.ndarray:
        values = values.astype(np.float64)
        out = np.interp(values, x, y)
        out = np.where(values < x[0], y[0] + first * (values - x[0]), out)
        return np.where(values > x[-1], y[-1] + last * (values - x[-1]), out).astype(np.float32)

    return line
