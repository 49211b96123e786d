"""Edge detection: the steepest gradients, profiles across them, and the plane of a straight edge. All in mm.

A profile runs along the gradient, from the dark to the bright side, straight between voxels and inside the mask only.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_erosion, generate_binary_structure, map_coordinates

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.metric import Spacing

MIN_NET_STEP = 0.5
"""Fraction of squared steps in one direction less those in the other; above it where there is one edge."""
Lines = tuple[np.ndarray, float]
"""Places in voxels (axis, line, sample), and mm from sample to sample."""


def strongest(image: np.ndarray, mask: np.ndarray, spacing: Spacing, fraction: float, reach: float, name: str) -> Lines:
    """Lines of `reach` mm to both sides of the `fraction` of voxels in the mask with the steepest gradient.

    Lines that leave the mask are left out. Raises EmptyMask where none stays, InputRefused for an image without edges.
    """
    slope = _gradient(image, mask, spacing)
    steepness = np.sqrt(np.square(slope).sum(0))
    usable = mask & (steepness > 0)
    if not usable.any():
        raise InputRefused(
            name, "the target has no edge in the mask, so that no profile can be measured", "give a larger mask"
        )
    chosen = usable & (steepness >= np.quantile(steepness[usable], 1 - fraction))
    step = min(mm for mm, side in zip(spacing, image.shape, strict=True) if side > 1) / 4
    along = np.arange(-np.ceil(reach / step), np.ceil(reach / step) + 1) * step
    direction = slope[:, chosen] / steepness[chosen] / np.array(spacing)[:, None]
    lines = np.argwhere(chosen).T[..., None] + direction[..., None] * along
    inside = map_coordinates(mask.astype(np.float32), lines, order=1).min(1) > 1 - 1e-5
    if not inside.any():
        raise EmptyMask(name, f"no edge of the target has {reach:g} mm of mask on both sides", "set a shorter reach")
    return lines[:, inside], step


def profiles(image: np.ndarray, mask: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Values (line, sample) of the image."""
    return np.asarray(map_coordinates(np.where(mask, image, 0).astype(np.float64), lines, order=1))


def from_straight_edge(image: np.ndarray, mask: np.ndarray, spacing: Spacing, name: str) -> np.ndarray:
    """Signed mm of each voxel (i, j, k) from the plane that fits the one straight edge in the mask.

    Along each line of voxels across it the edge lies at the centroid of the squared steps; the plane is the weighted
    least-squares fit through these. Raises InputRefused where they stray by more than a voxel, or steps go both ways.
    """
    steps = [_steps(image, mask, axis) for axis in range(image.ndim)]
    axis = int(np.argmax([np.square(step).sum() / mm**2 for step, mm in zip(steps, spacing, strict=True)]))
    power = np.square(steps[axis])
    if abs(float((np.sign(steps[axis]) * power).sum())) < MIN_NET_STEP * power.sum():
        raise InputRefused(
            name,
            "the target rises and falls in the mask, so that there is not one edge",
            "draw it round one straight edge",
        )
    if not power.any():
        raise InputRefused(name, "the target has no edge in the mask", "draw the mask round a straight edge")
    rows, plane, stray = _plane(power, [spacing[axis], *(mm for other, mm in enumerate(spacing) if other != axis)])
    if stray > spacing[axis]:
        what = f"the target's edge in the mask strays {stray:.2g} mm from a plane"
        raise InputRefused(name, what, "draw the mask round one straight edge")
    place = np.arange(image.shape[axis])[:, None, None] * spacing[axis]
    return np.moveaxis((place - rows @ plane) / np.sqrt(1 + plane[1] ** 2 + plane[2] ** 2), 0, axis)


def _plane(power: np.ndarray, spacing: list[float]) -> tuple[np.ndarray, np.ndarray, float]:
    """Rows (1, u, v) in mm, the plane's coefficients, and how far in mm the lines' centroids lie off it."""
    weight = power.sum(0)
    lit = weight > 0
    centroid = np.tensordot((np.arange(len(power)) + 0.5) * spacing[0], power, 1)[lit] / weight[lit]
    u, v = (grid * mm for grid, mm in zip(np.indices(weight.shape), spacing[1:], strict=True))
    rows, root = np.stack([np.ones_like(u), u, v], -1), np.sqrt(weight[lit])
    plane, *_ = np.linalg.lstsq(rows[lit] * root[:, None], centroid * root, rcond=None)
    off = np.square(centroid - rows[lit] @ plane)
    return rows, plane, float(np.sqrt(np.average(off, weights=weight[lit])))


def _gradient(image: np.ndarray, mask: np.ndarray, spacing: Spacing) -> np.ndarray:
    """(axis, i, j, k) per mm by central differences; 0 where a neighbour is outside the mask."""
    wide = [axis for axis, side in enumerate(image.shape) if side > 2]
    cross = generate_binary_structure(image.ndim, 1)
    flat = tuple(slice(None) if axis in wide else slice(1, 2) for axis in range(image.ndim))
    known = np.where(mask, image, 0).astype(np.float64)
    slope = np.zeros((image.ndim, *image.shape))
    for axis in wide:
        slope[axis] = np.gradient(known, spacing[axis], axis=axis)
    return np.where(binary_erosion(mask, cross[flat]), slope, 0)


def _steps(image: np.ndarray, mask: np.ndarray, axis: int) -> np.ndarray:
    """From voxel to voxel along `axis`, which comes first; 0 where one does not count."""
    values, counts = np.moveaxis(np.where(mask, image, 0).astype(np.float64), axis, 0), np.moveaxis(mask, axis, 0)
    return np.where(counts[1:] & counts[:-1], np.diff(values, axis=0), 0)
