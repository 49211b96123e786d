"""Data type of voxels on disk: values are rounded, and refused where they do not fit."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import InputRefused


def as_type(voxels: np.ndarray, kind: np.dtype) -> np.ndarray:
    """`voxels` in the type `kind`: rounded to even for integers. Raises InputRefused where they do not fit."""
    if voxels.dtype == kind or kind.kind == "f":
        return voxels.astype(kind, copy=False)
    if voxels.dtype.kind == "f":
        if not np.isfinite(voxels).all():
            raise InputRefused("volume", f"nan or infinite voxels cannot be written as {kind}", "write float32")
        voxels = np.rint(voxels)
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    if voxels.size and (voxels.min() < low or voxels.max() > high):
        what = f"values {voxels.min():g} … {voxels.max():g} do not fit {kind}"
        raise InputRefused("volume", what, "clip them or write float32")
    return voxels.astype(kind)
