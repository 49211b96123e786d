"""Smooth random fields: cubic B-splines with random weights on a coarse grid of knots, evaluated axis by axis.

Unser, IEEE Signal Processing Magazine 1999, https://doi.org/10.1109/79.799930.

The same seed gives the same bits on every processor: random integers become normal numbers by a table, and the rest is
addition and multiplication, one after the other. NumPy's `standard_normal` has logarithms in its tails, and a matrix
product adds in an order that depends on the processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import sqrt
from statistics import NormalDist

import numpy as np

from medtrans.core.volume import Volume

DEVIATION_PER_AXIS = sqrt(151 / 315)
"""Root of the mean sum of squares of the B-splines at a point: the standard deviation that unit weights lead to."""
LEVELS = 1 << 16
"""Number of equally likely values of a normal number."""
EXTENT = 400.0
"""Mm after which a field repeats: more than a head and neck in any direction."""


def smooth_field(rng: np.random.Generator, shape: Sequence[int], width_voxels: float | Sequence[float]) -> np.ndarray:
    """Random field of `shape`, of any dimension, whose bumps are about `width_voxels` wide: float32.

    One width for all axes, or one for each. Mean 0 and standard deviation 1 over many fields.
    """
    widths = np.broadcast_to(np.asarray(width_voxels, np.float64), len(shape)).tolist()
    knots = [int(np.ceil(side / width)) + 3 for side, width in zip(shape, widths, strict=True)]
    places = [np.arange(side) / width for side, width in zip(shape, widths, strict=True)]
    return spline_field(normal(rng, knots), places)


def random_field(rng: np.random.Generator, axes: Sequence[np.ndarray], millimetres: float) -> np.ndarray:
    """Smooth random field at every combination of `axes` in mm, with bumps of about that width: float32.

    Mean 0 and standard deviation 1. It takes as many random numbers from `rng` on every grid.
    """
    weights = normal(rng, [int(np.ceil(EXTENT / millimetres))] * len(axes))
    return spline_field(weights, [(axis.astype(np.float64) + EXTENT / 2) / millimetres for axis in axes])


def centred_axes(shape: Sequence[int], spacing: Sequence[float]) -> list[np.ndarray]:
    """Coordinates in mm of the voxels along i, j and k, measured from the middle of the grid: float64."""
    return [mm * (np.arange(side) - (side - 1) / 2) for side, mm in zip(shape, spacing, strict=True)]


def grid_axes(grid: Volume) -> list[np.ndarray]:
    """Coordinates in mm of the voxels along i, j and k, measured from the origin of the world: float64."""
    axes = []
    for axis, side in enumerate(grid.shape):
        i, j, k = (float(part) for part in grid.affine[:3, axis])
        r, a, s = (float(part) for part in grid.affine[:3, 3])
        spacing = sqrt(i * i + j * j + k * k)
        axes.append((i * r + j * a + k * s) / spacing + spacing * np.arange(side))
    return axes


def spline_field(weights: np.ndarray, places: Sequence[np.ndarray]) -> np.ndarray:
    """Cubic B-spline at every combination of `places`, an array for each axis in units of the knots: float32.

    The weights repeat beyond their ends, so that the field is periodic. Independent weights of standard deviation 1
    give a field of standard deviation 1.
    """
    field, begins = weights.astype(np.float32), [int(np.floor(place.min())) for place in places]
    for axis, (begin, place) in enumerate(zip(begins, places, strict=True)):
        needed = np.arange(begin, int(np.floor(place.max())) + 4)
        field = field.take(needed % field.shape[axis], axis)
    for axis in reversed(range(field.ndim)):
        first = np.floor(places[axis])
        knots = first.astype(np.int64)[None] - begins[axis] + np.arange(4)[:, None]
        column = (-1, *[1] * (field.ndim - 1 - axis))
        total: np.ndarray | None = None
        for knot, value in zip(knots, _splines(places[axis] - first), strict=True):
            term = field.take(knot, axis)
            term *= value.reshape(column)
            total = term if total is None else np.add(total, term, out=total)
        assert total is not None
        field = total
    return field


def normal(rng: np.random.Generator, shape: Sequence[int]) -> np.ndarray:
    """Standard normal random numbers, by inversion of the distribution at a 16-bit random integer: float32."""
    return _quantiles()[rng.integers(0, LEVELS, shape, dtype=np.uint16)]


def _splines(t: np.ndarray) -> list[np.ndarray]:
    """The four cubic B-splines that are not zero at `t`, from 0 to 1 between two knots: float32."""
    u, norm = 1 - t, 6 * DEVIATION_PER_AXIS
    inner = [(4 - 6 * a * a + 3 * a * a * a) / norm for a in (t, u)]
    return [value.astype(np.float32) for value in (u * u * u / norm, *inner, t * t * t / norm)]


@cache
def _quantiles() -> np.ndarray:
    """The middles of LEVELS equally likely classes, in multiples of 2^-16, which float32 holds exactly."""
    upper = [NormalDist().inv_cdf((level + 0.5) / LEVELS) for level in range(LEVELS // 2, LEVELS)]
    rounded = (np.rint(np.array(upper) * 65536) / 65536).astype(np.float32)
    return np.concatenate([-rounded[::-1], rounded])
