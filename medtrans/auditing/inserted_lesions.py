"""Inserted lesions: a ball of known diameter and contrast in an image, as a linear imaging system would show it.

    image with lesion = image + c σ (PSF * f)

f is the volume fraction of the ball in each voxel, PSF a Gaussian as wide as a voxel, σ the noise of the image, c the
contrast. For a linear system with additive noise that is exact: CT, and MR whose magnitude is well above its noise. The
noise and the anatomy of the image stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from medtrans.auditing.observer import reach_mm
from medtrans.core.errors import InputRefused

FINE = 4
"""Points along a voxel from which the volume fraction of a ball is found."""
PSF_VOXELS = 1.0 / 2.3548
"""Standard deviation of the point spread function: a full width at half maximum of one voxel."""
DEPTH_MM = 6.0
"""From the surface of a lesion to the border of the body."""
HOMOGENEOUS = 0.5
"""Share of the places whose surroundings vary the least, in which lesions are put."""
TRIES = 400


@dataclass(frozen=True)
class Ball:
    """A lesion: its centre in voxels, its diameter in mm."""

    centre: tuple[float, ...]
    diameter: float


def signal(ball: Ball, shape: Sequence[int], spacing: Sequence[float]) -> tuple[tuple[slice, ...], np.ndarray]:
    """The box of a lesion in an image, and in it PSF * f, from 0 to 1."""
    margin = 3
    reach = [ball.diameter / 2 / mm + margin for mm in spacing]
    low = [int(np.floor(c - r)) for c, r in zip(ball.centre, reach, strict=True)]
    high = [int(np.ceil(c + r)) + 1 for c, r in zip(ball.centre, reach, strict=True)]
    axes = [
        (((np.arange(FINE * (b - a)) + 0.5) / FINE + a - 0.5) - c) * mm
        for a, b, c, mm in zip(low, high, ball.centre, spacing, strict=True)
    ]
    square = sum(np.square(axis) for axis in np.meshgrid(*axes, indexing="ij", sparse=True))
    fine = np.asarray(square <= (ball.diameter / 2) ** 2, np.float32)
    blocks = fine.reshape([part for a, b in zip(low, high, strict=True) for part in (b - a, FINE)])
    shown = ndimage.gaussian_filter(blocks.mean(axis=(1, 3, 5)), PSF_VOXELS)
    inner = tuple(slice(max(-a, 0), b - a - max(b - n, 0)) for a, b, n in zip(low, high, shape, strict=True))
    return tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(low, high, shape, strict=True)), shown[inner]


def inserted(image: np.ndarray, balls: Sequence[Ball], height: float, spacing: Sequence[float]) -> np.ndarray:
    """The image (i, j, k) with lesions that change it by `height` where they fill a voxel: float32."""
    made = image.astype(np.float32)
    for ball in balls:
        box, shown = signal(ball, image.shape, spacing)
        made[box] += np.float32(height) * shown
    return made


def draw_places(
    place: np.ndarray, image: np.ndarray, diameters: Sequence[float], spacing: Sequence[float], rng: np.random.Generator
) -> list[Ball]:
    """As many of the lesions as there is room for, the largest first: none within the channels of another.

    `place` (i, j, k) is where lesions may lie. Raises InputRefused where not even one fits.
    """
    depth = _depth(place, spacing)
    calm = {
        diameter: _calm(np.argwhere(depth >= diameter / 2 + DEPTH_MM), image, diameter, spacing)
        for diameter in set(diameters)
    }
    balls: list[Ball] = []
    for diameter in sorted(diameters, reverse=True):
        for at in rng.permutation(calm[diameter])[:TRIES]:
            ball = Ball(tuple((at + rng.uniform(-0.5, 0.5, 3)).tolist()), float(diameter))
            if all(_apart(ball, other, spacing) for other in balls):
                balls.append(ball)
                break
    if not balls:
        what = f"no place lies {DEPTH_MM:g} mm and a radius of a lesion inside of the body"
        raise InputRefused("image", what, "give smaller lesions, or --place", "no-room")
    return balls


def _depth(place: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Distance of each voxel to the border of a mask in mm; a single slice has none across it."""
    wide = [mm if side > 1 else 1e9 for mm, side in zip(spacing, place.shape, strict=True)]
    return np.asarray(ndimage.distance_transform_edt(np.pad(place, 1), sampling=wide)[1:-1, 1:-1, 1:-1])


def _calm(deep: np.ndarray, image: np.ndarray, diameter: float, spacing: Sequence[float]) -> np.ndarray:
    """Of the places (n, 3), those whose surroundings as wide as the lesion vary the least."""
    if not len(deep):
        return deep
    sides = [max(3, round(diameter / mm)) for mm in spacing]
    values = image.astype(np.float64) - float(image.mean())
    mean, squares = (ndimage.uniform_filter(power, sides) for power in (values, np.square(values)))
    variance = (squares - np.square(mean))[tuple(deep.T)]
    return deep[variance <= np.quantile(variance, HOMOGENEOUS)]


def _apart(one: Ball, other: Ball, spacing: Sequence[float]) -> bool:
    """Whether neither lesion lies within the channels of the other."""
    distance = float(np.linalg.norm((np.array(one.centre) - other.centre) * spacing))
    near = [reach_mm(a.diameter, spacing) + b.diameter / 2 for a, b in ((one, other), (other, one))]
    return distance > max(near) + max(spacing)
