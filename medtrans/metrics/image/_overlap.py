"""Overlap of two masks of one structure: Dice, HD95, surface Dice; and the volume of a mask.

    Dice = 2 |A ∩ B| / (|A| + |B|)
    HD95 = max(P95 of d(a, ∂B) over a in ∂A, P95 of d(b, ∂A) over b in ∂B)
    surface Dice at τ = (|{a in ∂A: d(a, ∂B) ≤ τ}| + |{b in ∂B: d(b, ∂A) ≤ τ}|) / (|∂A| + |∂B|)

∂A: voxels of A with a side (of six) towards what is not A or the volume's border; d: mm between voxel centres.
Dice 1945, https://doi.org/10.2307/1932409; Huttenlocher et al. 1993, https://doi.org/10.1109/34.232073; Nikolov et
al. 2018, https://arxiv.org/abs/1809.04430. A structure that one mask lacks has Dice 0, surface Dice 0 and the
diagonal of the volume as HD95, so that it is never left out of a mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.ndimage import binary_erosion
from scipy.spatial import KDTree

from medtrans.core.errors import EmptyMask

Distances = tuple[np.ndarray, np.ndarray]


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Overlap from 0 to 1 of two boolean arrays of one shape. Raises EmptyMask where both are empty."""
    both = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    if not both:
        raise _nowhere("dice")
    return 2 * int(np.count_nonzero(a & b)) / both


def hausdorff95(a: np.ndarray, b: np.ndarray, spacing: Sequence[float]) -> float:
    """95th percentile of surface distances in mm, the larger of the two directions; `spacing` in mm per axis.

    The diagonal of the volume where one mask is empty. Raises EmptyMask where both are.
    """
    return percentile95(surface_distances(a, b, spacing))


def surface_dice(a: np.ndarray, b: np.ndarray, spacing: Sequence[float], tolerance: float) -> float:
    """The share of both surfaces that lies within `tolerance` mm of the other: 0 to 1.

    0 where one mask is empty. Raises EmptyMask where both are.
    """
    return share_within(surface_distances(a, b, spacing), tolerance)


def volume_ml(mask: np.ndarray, spacing: Sequence[float]) -> float:
    """Millilitres: the voxels of `mask` times their size; `spacing` in mm per axis."""
    return int(np.count_nonzero(mask)) * math.prod(spacing) / 1000


def surface_distances(a: np.ndarray, b: np.ndarray, spacing: Sequence[float]) -> Distances:
    """From each surface voxel of `a` to the surface of `b`, and the other way round, in mm.

    Where one is empty, every surface voxel of the other is as far away as the volume is wide, corner to corner. An
    image of one slice has its outline for a surface. Raises EmptyMask where both are empty.
    """
    one, other = (_surface(np.asarray(mask, bool), spacing) for mask in (a, b))
    if not len(one) and not len(other):
        raise _nowhere("surface distance")
    if not len(one) or not len(other):
        far = math.dist((0,) * a.ndim, [count * mm for count, mm in zip(a.shape, spacing, strict=True)])
        return np.full(len(one), far), np.full(len(other), far)
    return KDTree(other, balanced_tree=False).query(one)[0], KDTree(one, balanced_tree=False).query(other)[0]


def percentile95(distances: Distances) -> float:
    """HD95 in mm of what `surface_distances` found."""
    return max(float(np.percentile(each, 95)) for each in distances if len(each))


def share_within(distances: Distances, tolerance: float) -> float:
    """Surface Dice at `tolerance` mm of what `surface_distances` found."""
    return float((np.concatenate(distances) <= tolerance).mean())


def _surface(mask: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Places (voxel, axis) in mm of those at the surface; axes of one voxel have none."""
    wide = [axis for axis, count in enumerate(mask.shape) if count > 1] or [0]
    mask = mask.reshape([mask.shape[axis] for axis in wide])
    places = np.argwhere(mask)
    if not len(places):
        return places
    corner = places.min(0)
    box = mask[tuple(slice(low, high + 1) for low, high in zip(corner, places.max(0), strict=True))]
    edge = np.argwhere(box & ~binary_erosion(box))
    return (edge + corner) * np.array([spacing[axis] for axis in wide])


def _nowhere(metric: str) -> EmptyMask:
    return EmptyMask(
        metric, "the structure is in neither image, so that the overlap is undefined", "leave the metric out"
    )
