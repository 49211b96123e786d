"""Affines of volumes: which are usable, and how sheared axes are made rectangular."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding

LARGEST_NUMBER = 1e100
"""Products of three numbers below it, as in a determinant, are finite in 64 bits."""
LARGEST_ROUNDING = 1e-6
"""Largest cosine between two axes that needs no correction."""
LARGEST_UNREPORTED_SHEAR = 1e-3
"""Largest cosine between two axes that still counts as a rounding error of the header."""
LARGEST_SHEAR = 0.2
"""Largest cosine between two axes that is corrected; more is refused."""


def is_usable(affine: np.ndarray) -> bool:
    """Whether an affine is finite and invertible, and can be computed with."""
    return bool((np.abs(affine) < LARGEST_NUMBER).all() and abs(np.linalg.det(affine[:3, :3])) > 1e-9)


def rectangular(path: Path, affine: np.ndarray) -> tuple[np.ndarray, list[Finding]]:
    """The nearest affine whose axes are at right angles (polar decomposition), and a finding where it differs.

    Raises InputRefused where the axes are far from right angles.
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    directions = affine[:3, :3] / spacing
    cosine = float(np.abs(directions.T @ directions - np.eye(3)).max())
    if cosine < LARGEST_ROUNDING:
        return affine, []
    if cosine > LARGEST_SHEAR:
        raise InputRefused(path, f"its axes are sheared (cosine {cosine:.2f})", "resample it to a rectangular grid")
    left, _, right = np.linalg.svd(directions)
    out = affine.copy()
    out[:3, :3] = (left @ right) * spacing
    return out, [_sheared(path, cosine)] if cosine > LARGEST_UNREPORTED_SHEAR else []


def _sheared(path: Path, cosine: float) -> Finding:
    return Finding(
        code="sheared-axes",
        severity="warn",
        where=str(path),
        what=f"its axes are sheared (cosine {cosine:.4f})",
        consequence="the nearest rectangular grid is used, so that voxels move slightly",
        advice="resample it to a rectangular grid if positions matter",
        numbers={"cosine": cosine},
    )
