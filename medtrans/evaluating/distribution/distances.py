"""Distances of a set of generated volumes from a set of real ones by every distribution metric, with a reference.

A distance depends on the number of images: it falls as they become more. So two further values of equal numbers stand
beside the value of all volumes: generated volumes against one half of the real ones, and the other half against it,
over several random halves. Both are standardised by that one half, so that both are treated alike. Volumes, not
slices, are drawn and permuted: slices of one volume are not independent images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.metric import DistributionMetric
from medtrans.core.score import Direction, MetricId
from medtrans.metrics import distribution
from medtrans.metrics.distribution._standard import standardised

SPLITS = 10
"""Random halves of the real volumes."""


@dataclass(frozen=True)
class HalvesRange:
    """Mean and range of a distance over the random halves; nan where no half can be made."""

    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Distance:
    """One metric of all volumes, its p value where it has a test, and its values over equal numbers of volumes."""

    metric: MetricId
    """Its settings hold the extractor and the hash of this: frechet[extractor=radiomics-1a2b3c4d]."""
    direction: Direction
    value: float
    p: float
    generated: HalvesRange
    """Generated volumes against one half of the real ones."""
    real: HalvesRange
    """The other half of the real ones against that half: the value of a perfect model."""
    note: str = ""
    """Why a value is missing, or a reservation about it."""


def distances(generated: np.ndarray, real: np.ndarray, extractor: str, *, seed: int = 0) -> list[Distance]:
    """Every distribution metric of features (volume, image, feature) of both sets, with equally many images each."""
    kinds = {name: distribution.load(name) for name in distribution.names()}
    identity = (("extractor", extractor),)
    return [_distance(MetricId(name, identity), kind(), generated, real, seed) for name, kind in kinds.items()]


def standardised_by_real(generated: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features (volume, image, feature) of both sets, standardised by all real images, without constant features.

    Raises InputRefused where every feature is constant.
    """
    flat = standardised(_images(generated), _images(real), by=_images(real), fewest=2)
    one, other = (found.reshape(*raw.shape[:2], -1) for found, raw in zip(flat, (generated, real), strict=True))
    return one, other


def volumes_per_half(generated: int, real: int) -> int:
    """Number of volumes that are compared where numbers are equal."""
    return min(generated, real // 2)


@dataclass(frozen=True)
class _Value:
    """A value, nan where the metric is undefined, and the reason or reservation."""

    value: float
    note: str = ""


def _distance(
    metric: MetricId, kind: DistributionMetric, generated: np.ndarray, real: np.ndarray, seed: int
) -> Distance:
    rng, each = np.random.default_rng(seed), generated.shape[1]
    whole = _evaluated(kind, _images(generated), _images(real), each)
    p = kind.p_value(_images(generated), _images(real), rng, each) if math.isfinite(whole.value) else math.nan
    one, other, remarks = _halves(kind, generated, real, rng)
    notes = [whole.note, *(f"of halves: {remark}" for remark in remarks)]
    return Distance(metric, kind.direction, whole.value, p, one, other, "; ".join(filter(None, notes)))


def _halves(
    kind: DistributionMetric, generated: np.ndarray, real: np.ndarray, rng: np.random.Generator
) -> tuple[HalvesRange, HalvesRange, list[str]]:
    """Ranges of generated and of real volumes, and the distinct notes."""
    half, values = volumes_per_half(len(generated), len(real)), list[list[_Value]]()
    for _ in range(SPLITS if half else 0):
        one, other = rng.permutation(len(real))[: 2 * half].reshape(2, half)
        some = rng.permutation(len(generated))[:half]
        values.append([_of_half(kind, own, real[other]) for own in (generated[some], real[one])])
    if not values:
        return HalvesRange(), HalvesRange(), []
    remarks = dict.fromkeys(one.note for pair in values for one in pair if one.note)
    first, second = (_range([one.value for one in side]) for side in zip(*values, strict=True))
    return first, second, list(remarks)


def _range(values: list[float]) -> HalvesRange:
    return HalvesRange(float(np.mean(values)), min(values), max(values))


def _of_half(kind: DistributionMetric, generated: np.ndarray, real: np.ndarray) -> _Value:
    try:
        one, other = standardised_by_real(generated, real)
    except InputRefused as reason:
        return _Value(math.nan, reason.what)
    return _evaluated(kind, _images(one), _images(other), generated.shape[1])


def _evaluated(kind: DistributionMetric, generated: np.ndarray, real: np.ndarray, each: int) -> _Value:
    try:
        return _Value(kind(generated, real, each), kind.remark(generated, real))
    except InputRefused as reason:
        return _Value(math.nan, reason.what)


def _images(features: np.ndarray) -> np.ndarray:
    """(volume, image, feature) → (image, feature), the images of a volume one after another."""
    return features.reshape(-1, features.shape[-1])
