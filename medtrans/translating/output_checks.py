"""Guarantees of every translated volume: the geometry of its source bit for bit, and CT as int16 HU."""

from __future__ import annotations

import numpy as np

from medtrans.core.modality import AIR_HU
from medtrans.core.volume import Volume
from medtrans.reading.volumes import same_geometry


def to_int16_hu(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """int16, rounded and clipped to `low` … `high`.

    `low` itself becomes air (-1024 HU): a model cannot write a value below the range of its normalisation.
    """
    rounded = np.clip(np.rint(values), max(low, AIR_HU), min(high, np.iinfo(np.int16).max))
    rounded[rounded <= low] = AIR_HU
    return rounded.astype(np.int16)


def clipped_fraction(values: np.ndarray, low: float, high: float) -> float:
    """The fraction of values that `to_int16_hu` clips."""
    rounded = np.rint(values)
    return float(np.mean((rounded < low) | (rounded > high))) if rounded.size else 0.0


def assert_same_geometry(source: Volume, translated: Volume) -> None:
    """Shape, affine, qform, sform, their codes and units are equal bit for bit; anything else is a bug of medtrans."""
    if not same_geometry(source, translated):
        raise AssertionError("the translated volume does not lie where its source lies")
