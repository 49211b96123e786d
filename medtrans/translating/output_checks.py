"""What is promised of every translated volume: the input's place to the bit, CT in whole Hounsfield units."""

from __future__ import annotations

import numpy as np

from medtrans.core.volume import Volume

AIR = -1024
"""HU outside the body."""
PLACE = ("sform_code", "qform_code", "xyzt_units", "srow_x", "srow_y", "srow_z", "quatern_b", "quatern_c", "quatern_d")
OFFSETS = ("qoffset_x", "qoffset_y", "qoffset_z")
"""Header fields that place a volume, beside the first four of `pixdim`."""


def hounsfield(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """int16, rounded and clipped to `low` … `high`; `low` itself, below which the model knows nothing, is air."""
    rounded = np.clip(np.rint(values), max(low, AIR), min(high, np.iinfo(np.int16).max))
    rounded[rounded <= low] = AIR
    return rounded.astype(np.int16)


def clipped_fraction(values: np.ndarray, low: float, high: float) -> float:
    """The share of values that `hounsfield` clips."""
    rounded = np.rint(values)
    return float(np.mean((rounded < low) | (rounded > high))) if rounded.size else 0.0


def assert_same_geometry(source: Volume, translated: Volume) -> None:
    """Shape, affine, qform, sform, their codes and units are equal bit for bit; anything else is a fault of ours."""
    same = translated.shape == source.shape and np.array_equal(translated.affine, source.affine)
    one, other = source.header, translated.header
    if one is not None and other is not None:
        same &= all(np.array_equal(one[key], other[key], equal_nan=True) for key in PLACE + OFFSETS)
        same &= np.array_equal(one["pixdim"][:4], other["pixdim"][:4])
    if not same or (one is None) != (other is None):
        raise AssertionError("the translated volume does not lie where its source lay")
