"""Grids of two volumes compared: how they differ, and by which known error of a conversion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.volume import AFFINE_TOLERANCE_MM, Volume

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From the world of ITK and DICOM (LPS) to that of NIfTI (RAS), and back."""
HALF_VOXEL_TOLERANCE = 0.02
"""Voxels. Distance from half a voxel that is still half a voxel."""


@dataclass(frozen=True)
class GridDifference:
    """Difference of two grids: the code of its kind, what it is, and what to do."""

    code: str
    what: str
    advice: str


def compare_grids(one: Volume, other: Volume) -> GridDifference:
    """How the grid of `other` differs from that of `one`: by a known error of a conversion where it fits one."""
    if one.shape != other.shape:
        what = f"{one.shape} {one.orientation} and {other.shape} {other.orientation} voxels"
        return GridDifference("other-grid", what, "register or resample it first")
    if is_lps_as_ras(one, other):
        what = (
            "the same voxels, but x and y of one affine have opposite signs: an ITK or DICOM matrix (LPS) was saved "
            "as a NIfTI matrix (RAS)"
        )
        advice = "negate the first two rows of the affine that is wrong; do not resample, which would mirror the image"
        return GridDifference("lps-as-ras", what, advice)
    shift = np.linalg.solve(one.affine, other.affine[:, 3])[:3]
    if np.allclose(one.affine[:3, :3], other.affine[:3, :3], atol=AFFINE_TOLERANCE_MM) and _is_half(shift):
        what = (
            f"the same number of voxels, but {_largest_shift(one, other):.2f} mm apart, which is half a voxel: one "
            "program counts from the corner of the first voxel, the other from its centre"
        )
        return GridDifference("half-voxel", what, "correct the origin of the one that is wrong; do not resample")
    axes = "" if one.orientation == other.orientation else f" ({one.orientation} and {other.orientation})"
    what = f"the same number of voxels{axes}, but up to {_largest_shift(one, other):.2f} mm apart"
    return GridDifference("other-grid", what, "register or resample it first")


def is_lps_as_ras(one: Volume, other: Volume) -> bool:
    """Whether one affine is the other with its first two rows negated, which saving an LPS matrix as RAS does."""
    return one.shape == other.shape and np.allclose(
        LPS_TO_RAS @ one.affine, other.affine, rtol=0, atol=AFFINE_TOLERANCE_MM
    )


def _largest_shift(one: Volume, other: Volume) -> float:
    """Largest distance in mm between equal corners of two grids of one shape."""
    i, j, k = one.shape
    corners = np.array([[a, b, c, 1.0] for a in (0, i) for b in (0, j) for c in (0, k)]).T
    return float(np.linalg.norm(((one.affine - other.affine) @ corners)[:3], axis=0).max())


def _is_half(shift: np.ndarray) -> bool:
    """Whether every component is 0 or half a voxel, and not all are 0."""
    halves = np.abs(np.abs(shift) - 0.5) < HALF_VOXEL_TOLERANCE
    return bool(halves.any() and (halves | (np.abs(shift) < HALF_VOXEL_TOLERANCE)).all())
