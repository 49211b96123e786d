"""How far a set of made volumes is from real ones, by every metric of sets, beside how far real ones are from another.

A distance means nothing alone: it falls with the number of images. So beside the value of all volumes stand two of
equal numbers: made volumes against one half of the real ones, and the other half against it, over several random
halves. Both are standardised by that one half, so that made volumes and the other half are judged alike. Volumes, not
slices, are drawn and exchanged: slices of one volume are no independent images.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.metric import Direction, DistributionMetric
from medtrans.metrics import distribution as sets
from medtrans.metrics.distribution._standard import standardised

SPLITS = 10
"""Random halves of the real volumes."""


@dataclass(frozen=True)
class Spread:
    """Mean and range over the halves; nan where no half can be made."""

    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Distance:
    """One metric of all volumes, its p where it has a test, and its values over equal numbers of volumes."""

    metric: str
    """With the extractor and its hash: frechet@radiomics-1a2b3c4d."""
    direction: Direction
    value: float
    p: float
    made: Spread
    """Made volumes against half of the real ones."""
    real: Spread
    """The other half of the real ones against that half: what a perfect model would have."""
    note: str = ""
    """Why a value is missing, or to be doubted."""


def distances(made: np.ndarray, real: np.ndarray, extractor: str, *, seed: int = 0) -> list[Distance]:
    """By every metric of sets. Features (volume, image, feature) of both, on one scale, of each as many images."""
    kinds = {name: sets.load(name) for name in sets.names()}
    return [_distance(f"{name}@{extractor}", kind(), made, real, seed) for name, kind in kinds.items()]


def by_real(made: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features (volume, image, feature) of both, standardised by all real images; what is constant there is left out.

    Raises InputRefused where nothing is left.
    """
    flat = standardised(_images(made), _images(real), by=_images(real), fewest=2)
    one, other = (found.reshape(*raw.shape[:2], -1) for found, raw in zip(flat, (made, real), strict=True))
    return one, other


def volumes_a_half(made: int, real: int) -> int:
    """How many volumes are compared where numbers are to be equal."""
    return min(made, real // 2)


def _distance(name: str, metric: DistributionMetric, made: np.ndarray, real: np.ndarray, seed: int) -> Distance:
    dice, each, notes = np.random.default_rng(seed), made.shape[1], list[str]()
    value = _told(lambda: metric(_images(made), _images(real), each), notes)
    p = _told(lambda: metric.p(_images(made), _images(real), dice, each), notes)
    doubts: list[str] = []
    halves = _halves(metric, made, real, dice, doubts)
    notes += [f"of halves: {doubt}" for doubt in dict.fromkeys(doubts)]
    return Distance(name, metric.direction, value, p, *halves, "; ".join(dict.fromkeys(notes)))


def _halves(
    metric: DistributionMetric, made: np.ndarray, real: np.ndarray, dice: np.random.Generator, doubts: list[str]
) -> tuple[Spread, Spread]:
    half = volumes_a_half(len(made), len(real))
    found = []
    for _ in range(SPLITS if half else 0):
        one, other = dice.permutation(len(real))[: 2 * half].reshape(2, half)
        some = dice.permutation(len(made))[:half]
        pair = made[some], real[one]
        found.append([_told(partial(_standardised, metric, own, real[other]), doubts) for own in pair])
    if not found:
        return Spread(), Spread()
    first, second = (Spread(float(np.mean(v)), min(v), max(v)) for v in zip(*found, strict=True))
    return first, second


def _standardised(metric: DistributionMetric, made: np.ndarray, real: np.ndarray) -> float:
    one, other = by_real(made, real)
    return metric(_images(one), _images(other), made.shape[1])


def _images(features: np.ndarray) -> np.ndarray:
    """(volume, image, feature) → (image, feature), the images of a volume one after another."""
    return features.reshape(-1, features.shape[-1])


def _told(measure: Callable[[], float], notes: list[str]) -> float:
    """What `measure` gives, nan where it refuses; its reason or warning among `notes`."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            value = measure()
        except InputRefused as reason:
            value = math.nan
            notes.append(reason.what)
    notes += [str(warning.message) for warning in said]
    return value
