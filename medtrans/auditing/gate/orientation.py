"""Orientation prior: where training images have body, edges and signal, and which of 24 rotations fits an image to it.

    distance(R) = mean over points p of min(z(R p)², 9),   z = (value - mean of training) / its standard deviation

Points lie 16 mm apart in a box around the head, below its vertex. A mirrored head (left for right) fits as well as the
head itself: no content of a head tells its sides apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any, Self

import numpy as np
from scipy import ndimage

from medtrans.auditing.gate.coarse import Coarse

STEP_MM = 16.0
HALF_WIDTH_MM, HALF_LENGTH_MM, ABOVE_MM, BELOW_MM = 96.0, 120.0, 8.0, 200.0
CROWN_MM = 100.0
"""The part of a head below its vertex that sets its place."""
CAP = 9.0
CHANNELS = ("body", "edges", "signal")
SMALLEST_DEVIATION = np.array([[0.15], [0.25], [0.25]])
MIN_SHARE = 0.5
"""Of the training images that must hold a point, and of the points that an image must hold."""
ROTATIONS = [
    np.array(matrix)
    for matrix in (
        [[sign * (column == place) for column in range(3)] for place, sign in zip(order, signs, strict=True)]
        for order in permutations(range(3))
        for signs in product((1, -1), repeat=3)
    )
    if round(np.linalg.det(np.array(matrix))) == 1
]
"""The identity first: the world axes of the head along those of the image."""


@dataclass(frozen=True)
class Frame:
    """The place of a head: the middle of its crown in x and y, and its vertex, in mm after a rotation."""

    x: float
    y: float
    vertex: float

    @property
    def origin(self) -> np.ndarray:
        """Of the template, in mm after the rotation."""
        return np.array([self.x, self.y, self.vertex])


def frame_of(points: np.ndarray) -> Frame:
    """Of body points (point, 3) in mm."""
    vertex = float(np.quantile(points[:, 2], 0.999))
    crown = points[points[:, 2] > vertex - CROWN_MM]
    (x0, y0), (x1, y1) = np.quantile(crown[:, :2], (0.01, 0.99), axis=0)
    return Frame(float(x0 + x1) / 2, float(y0 + y1) / 2, vertex)


def template_points() -> np.ndarray:
    """(point, 3) in mm from the place of a head."""
    sides = [
        np.arange(-HALF_WIDTH_MM, HALF_WIDTH_MM + 1, STEP_MM),
        np.arange(-HALF_LENGTH_MM, HALF_LENGTH_MM + 1, STEP_MM),
        np.arange(-BELOW_MM, ABOVE_MM + 1, STEP_MM),
    ]
    return np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3)


def sampled(coarse: Coarse, rotation: np.ndarray) -> np.ndarray:
    """The maps of an image (channel, point) at the points of the template; nan outside of the field of view."""
    return _sampled_at(coarse, rotation, frame_of(coarse.points @ rotation.T))


def _sampled_at(coarse: Coarse, rotation: np.ndarray, frame: Frame) -> np.ndarray:
    points = template_points() + frame.origin
    indices = coarse.indices(points @ rotation)
    return np.stack([ndimage.map_coordinates(one, indices, order=1, cval=np.nan) for one in coarse.maps])


@dataclass(frozen=True, eq=False)
class Prior:
    """Mean and standard deviation (channel, point) over training images; nan where too few of them hold a point."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def fit(cls, images: Sequence[np.ndarray]) -> Self:
        """From the maps of each training image, sampled upright."""
        stack = np.stack(images)
        held = np.isfinite(stack)
        count = held.sum(axis=0)
        enough = count >= max(1, MIN_SHARE * len(images))
        values = np.where(held, stack, 0)
        mean = values.sum(axis=0) / np.maximum(count, 1)
        variance = (np.where(held, stack - mean, 0) ** 2).sum(axis=0) / np.maximum(count, 1)
        deviation = np.maximum(np.sqrt(variance), SMALLEST_DEVIATION)
        return cls(np.where(enough, mean, np.nan), np.where(enough, deviation, np.nan))

    def distance(self, values: np.ndarray) -> float:
        """Mean squared deviation of sampled maps (channel, point), each at most 9; nan where few points are held."""
        squared = np.minimum(((values - self.mean) / self.deviation) ** 2, CAP)
        held = np.isfinite(squared)
        if held.sum() < MIN_SHARE * np.isfinite(self.mean).sum():
            return float("nan")
        return float(squared[held].mean())

    def to_dict(self) -> dict[str, Any]:
        """Hundredths as integers, a text for each channel; -10000 where nothing is known."""
        whole = {"mean": self.mean, "deviation": self.deviation}
        return {key: [_text(row) for row in values] for key, values in whole.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises ValueError, KeyError, TypeError, AttributeError."""
        arrays = [np.array([_numbers(row) for row in values[key]]) for key in ("mean", "deviation")]
        shape = (len(CHANNELS), len(template_points()))
        if any(array.shape != shape for array in arrays):
            raise ValueError(f"the orientation prior is not of shape {shape}")
        return cls(*arrays)


UNKNOWN = -10000


def _text(row: np.ndarray) -> str:
    return " ".join(str(int(one)) for one in np.where(np.isfinite(row), np.rint(100 * row), UNKNOWN))


def _numbers(text: str) -> np.ndarray:
    whole = np.array([int(one) for one in text.split()], np.float64)
    return np.where(whole == UNKNOWN, np.nan, whole / 100)


def distances(coarse: Coarse, prior: Prior) -> list[float]:
    """The distance of each rotation, the identity first; infinite where too little of the head is held."""
    ends = [(axis, sign) for axis in range(3) for sign in (1, -1)]
    tops = {(axis, sign): _top(coarse.points, axis, sign) for axis, sign in ends}
    every = (prior.distance(_sampled_at(coarse, rotation, _frame_after(rotation, tops))) for rotation in ROTATIONS)
    return [one if np.isfinite(one) else float("inf") for one in every]


def _top(points: np.ndarray, axis: int, sign: int) -> tuple[float, np.ndarray]:
    """The vertex with that end of an axis up, and the middle of the crown along each axis, in mm before a rotation."""
    upward = sign * points[:, axis]
    vertex = float(np.quantile(upward, 0.999))
    low, high = np.quantile(points[upward > vertex - CROWN_MM], (0.01, 0.99), axis=0)
    return vertex, (low + high) / 2


def _frame_after(rotation: np.ndarray, tops: Mapping[tuple[int, int], tuple[float, np.ndarray]]) -> Frame:
    """As `frame_of` the rotated points: six ends of the axes serve all 24 rotations."""
    up = int(np.abs(rotation[2]).argmax())
    vertex, middle = tops[up, int(rotation[2, up])]
    x, y, _ = rotation @ middle
    return Frame(float(x), float(y), vertex)


def in_words(rotation: np.ndarray) -> tuple[str, str]:
    """Code and words for an image that this rotation turns upright."""
    up, face = (_axis(rotation.T @ np.array(axis)) for axis in ((0, 0, 1), (0, 1, 0)))
    if up == "S":
        side = {"P": ("front-to-back", "front to back"), "A": ("upright", "upright")}
        return side.get(face, ("turned-sideways", f"turned sideways, its face to {WORDS[face]}"))
    if up == "I":
        return "upside-down", "upside down"
    return "lying", f"lying, its vertex to {WORDS[up]}"


WORDS = {"R": "the right", "L": "the left", "A": "the front", "P": "the back", "S": "the top", "I": "the bottom"}


def _axis(direction: np.ndarray) -> str:
    axis = int(np.abs(direction).argmax())
    return ("LR", "PA", "IS")[axis][int(direction[axis] > 0)]
