"""Guarantees of every translated volume: the geometry of its source bit for bit, and CT as int16 HU."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from medtrans.core.modality import AIR_HU
from medtrans.core.volume import Volume
from medtrans.core.voxel_statistics import count, elementwise
from medtrans.reading.volumes import same_geometry


def to_int16_hu(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """int16, rounded and clipped to `low` … `high`.

    `low` itself becomes air (-1024 HU): a model cannot write a value below the range of its normalisation.
    """

    def converted(block: np.ndarray) -> np.ndarray:
        rounded = np.clip(np.rint(block), max(low, AIR_HU), min(high, np.iinfo(np.int16).max))
        return np.where(rounded <= low, AIR_HU, rounded)

    return elementwise(converted, values, np.int16)


def to_whole_hu(ct: Volume) -> Volume:
    """A CT as int16, from air on."""
    return ct.like(to_int16_hu(ct.voxels, AIR_HU, np.iinfo(np.int16).max))


def clipped_fraction(
    values: np.ndarray, high: float, restore: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> float:
    """The fraction of finite values that `to_int16_hu` clips from above after `restore`; less than air is air."""

    def clipped(block: np.ndarray) -> np.ndarray:
        return np.asarray(np.rint(restore(block)) > high)

    return count(values, clipped) / values.size if values.size else 0.0


def assert_same_geometry(source: Volume, translated: Volume) -> None:
    """Shape, affine, qform, sform, their codes and units are equal bit for bit; anything else is a bug of medtrans."""
    if not same_geometry(source, translated):
        raise AssertionError("the translated volume does not lie where its source lies")
