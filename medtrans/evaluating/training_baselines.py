"""Baselines that are learnt from the training cases without a network: intensity lookup and training mean.

    lookup(x) = median of the target where the source has the value x, in 64 bins of x

The lookup is what a translation by intensity alone can reach: a network that uses the neighbourhood has to beat it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.score import Clause
from medtrans.core.volume import Volume

INTENSITY_LOOKUP = "intensity lookup"
TRAINING_MEAN, TRAINING_MEAN_IMAGE = "training mean", "training mean image"
BINS = 64
BIN_PERCENTILES = (0.1, 99.9)
"""Of the source values of all training voxels: ends of the bins; values outside belong to the first or the last."""
MAX_VOXELS = 100_000
"""Voxels of a training case, evenly picked, that the lookup is learnt from."""
INTENSITY_LOOKUP_CLAUSE = Clause(
    INTENSITY_LOOKUP,
    f"the median of the target in {BINS} bins of the normalised source, learnt from the training cases in the mask; of "
    "several source channels the one with the smallest error in training. Air outside the mask.",
)


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """`source` normalised (channel, i, j, k), None where it is unknown; the target in the unit of translations."""

    target: Volume
    inside: np.ndarray
    """Mask (i, j, k) of the voxels that count."""
    source: np.ndarray | None = None


class TrainingBaselines:
    """Read once, from the training cases: the lookup, and the mean as one value and, of equal shapes, per voxel."""

    def __init__(self, cases: Iterable[TrainingCase]) -> None:
        """Raises InputRefused on nan where it counts."""
        total, count, number = 0.0, 0, 0
        image: np.ndarray | None = None
        samples: list[tuple[np.ndarray, np.ndarray]] = []
        for case in cases:
            voxels = case.target.voxels.astype(np.float64)
            values = voxels[:, case.inside]
            if not np.isfinite(values).all():
                what = "has voxels that are nan or infinite where it counts"
                raise InputRefused("a training target", what, "leave it out", "not-finite")
            total, count, number = total + float(values.sum()), count + values.size, number + 1
            if number == 1:
                image = voxels
            elif image is not None:
                image = image + voxels if image.shape == voxels.shape else None
            if case.source is not None:
                samples.append(_some(case.source[:, case.inside], values))
        self.value = total / count if count else float("nan")
        self.image = image / number if image is not None else None
        self.count = number
        self.lookup = Lookup.learn(samples) if samples else None

    def volumes(self, like: Volume, inside: np.ndarray, air: float, source: np.ndarray | None) -> dict[str, Volume]:
        """Baselines by name on the grid of `like`, with air outside the mask `inside` (i, j, k)."""
        if not self.count:
            return {}
        found = {TRAINING_MEAN: np.full(like.voxels.shape, self.value)}
        if self.image is not None and self.image.shape == like.voxels.shape:
            found[TRAINING_MEAN_IMAGE] = self.image
        if self.lookup is not None and source is not None:
            found = {INTENSITY_LOOKUP: self.lookup(source), **found}
        return {name: like.like(np.where(inside, voxels, air).astype(np.float32)) for name, voxels in found.items()}


@dataclass(frozen=True, eq=False)
class Lookup:
    """`medians` (target channel, bin) of the source's `channel`, between the inner `edges` of the bins."""

    channel: int
    edges: np.ndarray
    medians: np.ndarray

    @classmethod
    def learn(cls, samples: Iterable[tuple[np.ndarray, np.ndarray]]) -> Lookup:
        """From (source channel, n) and (target channel, n) of each case: by the source channel of the least error."""
        pairs = list(samples)
        source, target = (np.concatenate([pair[role] for pair in pairs], axis=1) for role in (0, 1))
        found = [_lookup(number, values, target) for number, values in enumerate(source)]
        return min(found, key=lambda one: float(np.abs(one(source) - target).mean()))

    def __call__(self, source: np.ndarray) -> np.ndarray:
        """(source channel, …) → (target channel, …)."""
        return self.medians[:, np.searchsorted(self.edges, source[self.channel])]


def _lookup(channel: int, source: np.ndarray, target: np.ndarray) -> Lookup:
    low, high = np.percentile(source, BIN_PERCENTILES)
    edges = np.linspace(low, high, BINS + 1)[1:-1]
    bins = np.searchsorted(edges, source)
    centres = [number for number in range(BINS) if (bins == number).any()]
    medians = np.array([np.median(target[:, bins == number], axis=1) for number in centres])
    # An empty bin gets the value between those of its neighbours.
    filled = [np.interp(np.arange(BINS), centres, values) for values in medians.T]
    return Lookup(channel, edges, np.array(filled))


def _some(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    step = max(source.shape[1] // MAX_VOXELS, 1)
    return source[:, ::step], target[:, ::step]
